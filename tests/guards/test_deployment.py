"""Behind TLS, Django's own deployment checks find nothing."""

from tests.guards.house import django


def test_deployment_checks__behind_tls__find_nothing() -> None:
    checked = django(
        *("check", "--deploy", "--fail-level", "WARNING"),
        HTTPS_ONLY="true",
        DEBUG="false",
        SECRET_KEY="a long key of this test alone, 0123456789 abcdefghijklmnopqrstuvwxyz",
    )

    assert checked.returncode == 0, f"Mend iaros/settings.py where this says:\n{checked.stdout}{checked.stderr}"
