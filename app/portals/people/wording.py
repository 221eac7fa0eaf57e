"""Words for roles and for what happened to people and organisations; Chinese source texts."""

from collections.abc import Mapping

from guarantees.errors import N_

ROLE_NOTES: Mapping[str, str] = {
    "admin": N_("邀请同事、分配角色、停用账号"),
    "clerk": N_("办理本单位的申请、缴费或项目录入"),
    "maker": N_("审核申请、提出承保意见、发布产品"),
    "checker": N_("复核并决定是否承保，须输入动态验证码"),
    "opener": N_("保管解密口令，到时开标，须输入动态验证码"),
    "viewer": N_("只看不办"),
    "supervisor": N_("查看监管数据"),
    "system_admin": N_("确认注册单位、维护平台业务"),
    "security_admin": N_("管理平台人员与权限"),
    "audit_admin": N_("查看审计数据"),
}
"""What each role of tables/permissions may do."""

EVENTS: Mapping[str, str] = {
    "organisation.applied": N_("提交注册"),
    "organisation.admitted": N_("注册通过"),
    "organisation.refused": N_("注册未通过"),
    "organisation.entered": N_("由平台运营录入"),
    "organisation.founded": N_("建立单位"),
    "opening_key.made": N_("建立解密钥匙"),
    "trustee_key.made": N_("建立受托钥匙"),
    "trustee_key.registered": N_("登记自行保管的受托钥匙"),
    "trustee_key.retired": N_("停用受托钥匙"),
    "trustee.rehearsed": N_("受托钥匙演练通过"),
    "person.invited": N_("邀请同事"),
    "person.invitation_withdrawn": N_("撤回邀请"),
    "person.joined": N_("接受邀请，加入单位"),
    "person.authenticator_enrolled": N_("绑定动态验证码"),
    "person.authenticator_reset": N_("重置动态验证码"),
    "person.roles_changed": N_("变更角色"),
    "person.disabled": N_("停用账号"),
    "person.enabled": N_("恢复账号"),
    "person.password_changed": N_("修改密码"),
    "person.passphrase_refused": N_("开标时解密口令不正确"),
    "person.signed_out_everywhere": N_("退出所有登录"),
}
"""Histories of persons and organisations, by event."""

LEVELS: Mapping[str, str] = {
    "province": N_("省级"),
    "city": N_("市级"),
    "county": N_("县级"),
}
"""Levels of regulators."""
