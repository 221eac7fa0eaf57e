"""The rulebook of a bid guarantee: every clause of it that a program can check."""

from guarantees.rules import (
    decree_802,
    hengyang,
    independent_guarantee,
    procurement_law,
    shanxi,
    tendering_law,
)
from guarantees.rules.engine import Rulebook

BID = Rulebook(
    (
        procurement_law.BidDepositCeiling(),
        procurement_law.BidDepositForms(),
        tendering_law.BidDepositCeiling(),
        tendering_law.BidGuaranteeValidity(),
        tendering_law.BasicAccount(),
        decree_802.GuaranteeOfSmeAcceptedFormerly(),
        decree_802.GuaranteeOfSmeAccepted(),
        decree_802.DepositNotCashOnlyFormerly(),
        decree_802.DepositNotCashOnly(),
        independent_guarantee.IssuerOfIndependent(),
        independent_guarantee.NamesDocumentsAndAmount(),
        shanxi.NotRefusedInPrinciple(),
        shanxi.NotRefusedForAnyReason(),
        shanxi.NoDesignatedIssuer(),
        shanxi.ChosenBySupplier(),
        shanxi.IssuerAccepted(),
        shanxi.ApplicantRegistered(),
        shanxi.AmountOfDeposit(),
        shanxi.DataConsent(),
        shanxi.WarnedOfFakes(),
        hengyang.BidDepositWaived(),
    ),
    conflicts=(shanxi.REFUSAL_CONFLICT,),
)
"""In the order in which findings are shown: law, then courts, province, city."""
