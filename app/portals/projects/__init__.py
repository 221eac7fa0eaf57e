"""Projects: list, import, form, detail, correction, registration, mandates; opening keys."""
