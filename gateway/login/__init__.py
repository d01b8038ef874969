"""Logins at the page: sessions in cookies, opened by a key or by a single sign-on (OpenID Connect)."""
