"""Cross-validate prefml beside baselines, and report what was measured."""
