"""The pages between an authorization request and its answer: log in, verify, allow or deny.

Each form carries `startURL`, where the browser goes afterwards, and nothing else that has to be kept; a form that
comes without it goes where the browser last wanted to go.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from syncline_sim.pages import show
from syncline_sim.salesforce import apps, authorization, browsers, hosts, networks, orgs, policies
from syncline_sim.salesforce.authorization import AuthorizationRequest
from syncline_sim.salesforce.browsers import Browser
from syncline_sim.salesforce.oauth_errors import OAuthError

if TYPE_CHECKING:
    from syncline_sim.world import World

AUTHORIZE = "/services/oauth2/authorize"
WRONG_PASSWORD = (
    "Please check your username and password. If you still can't log in, contact your Salesforce administrator."  # noqa: S105
)
WRONG_CODE = "That code is wrong or has expired. Check the newest message, or ask for another code."


class LoginPages:
    """The pages of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        """Mount the pages."""
        app.router.add_route("*", AUTHORIZE, self._authorize)
        app.router.add_get("/login", self._login_page)
        app.router.add_post("/login", self._log_in)
        app.router.add_get("/verify", self._verify_page)
        app.router.add_post("/verify", self._verify)
        app.router.add_post("/verify/again", self._send_again)
        app.router.add_get("/approve", self._approve_page)
        app.router.add_post("/approve", self._decide)
        app.router.add_get("/secur/logout.jsp", self._log_out)

    async def _authorize(self, request: web.Request) -> web.Response:
        parameters = dict(request.query)
        if request.method == "POST":
            parameters.update({k: v for k, v in (await request.post()).items() if isinstance(v, str)})
        browser = browsers.find(self._world, request)
        try:
            asked = authorization.receive(self._world, parameters)
        except OAuthError as error:
            return _error_page(error)
        here = str(URL(AUTHORIZE).with_query(parameters))
        browsers.start(self._world, browser, here)
        try:
            return _go(browser, self._next(browser, asked, here, networks.source(self._world, request)))
        except OAuthError as error:
            return _refused(browser, asked, error)

    def _next(self, browser: Browser, asked: AuthorizationRequest, here: str, address: str) -> URL:
        """Answer the next page, or the callback with a code; raises `OAuthError` for the callback."""
        authorization.judge(self._world, asked)
        immediate = asked.parameters.get("immediate") == "true"
        if browser.user is None or asked.prompts & {"login", "select_account"}:
            if immediate:
                raise OAuthError("immediate")
            return _with_start("/login", here)
        policies.judge(self._world, asked.app, browser.user, address, "authorize")
        if authorization.needs_approval(self._world, asked, browser.user):
            if immediate:
                raise OAuthError("immediate")
            return _with_start("/approve", here)
        return authorization.approve(self._world, asked, browser.user)

    async def _login_page(self, request: web.Request) -> web.Response:
        browser = browsers.find(self._world, request)
        return self._show_login(browser, _start_url(request.query, browser))

    async def _log_in(self, request: web.Request) -> web.Response:
        browser, form = browsers.find(self._world, request), await _form(request)
        start_url = _start_url(form, browser)
        username = form.get("username", "")
        address = networks.source(self._world, request)
        # Where an org has closed the vendor's own names, its users are told no more than that they cannot log in there.
        password = form.get("password", "") if self._admits(request, username) else ""
        match browsers.log_in(self._world, browser, username, password, address):
            case "refused":
                return self._show_login(browser, start_url, username=username, error=WRONG_PASSWORD)
            case "code":
                return _go(browser, _with_start("/verify", start_url))
            case "in":
                return _go(browser, _logged_in(start_url))

    def _admits(self, request: web.Request, username: str) -> bool:
        try:
            org = orgs.find_org(self._world, orgs.find_user(self._world.db, username.strip()).org_id)
        except KeyError:
            return True  # Nobody's name is judged with the password.
        return not (org.settings.my_domain_only and hosts.is_generic(request))

    async def _verify_page(self, request: web.Request) -> web.Response:
        browser = browsers.find(self._world, request)
        return self._show_verify(browser, _start_url(request.query, browser))

    async def _verify(self, request: web.Request) -> web.Response:
        browser, form = browsers.find(self._world, request), await _form(request)
        start_url = _start_url(form, browser)
        if browsers.verify(self._world, browser, form.get("code", "")):
            return _go(browser, _logged_in(start_url))
        return self._show_verify(browser, start_url, error=WRONG_CODE)

    async def _send_again(self, request: web.Request) -> web.Response:
        browser, form = browsers.find(self._world, request), await _form(request)
        if browser.pending is not None:
            browsers.send_code(self._world, browser, browser.pending)
        return _go(browser, _with_start("/verify", _start_url(form, browser)))

    async def _approve_page(self, request: web.Request) -> web.Response:
        browser = browsers.find(self._world, request)
        start_url = _start_url(request.query, browser)
        if browser.user is None:
            return _go(browser, _with_start("/login", start_url))
        try:
            asked = authorization.receive(self._world, URL(start_url).query)
        except OAuthError as error:
            return _error_page(error)
        response = show(
            "approve.html",
            app=asked.app,
            user=browser.user,
            org=orgs.find_org(self._world, browser.user.org_id),
            scopes=sorted({apps.wording(scope) for scope in asked.scopes}),
            host=URL(asked.redirect_uri).authority,
            start_url=start_url,
        )
        browsers.remember(browser, response)
        return response

    async def _decide(self, request: web.Request) -> web.Response:
        browser, form = browsers.find(self._world, request), await _form(request)
        start_url = _start_url(form, browser)
        if browser.user is None:
            return _go(browser, _with_start("/login", start_url))
        try:
            asked = authorization.receive(self._world, URL(start_url).query)
        except OAuthError as error:
            return _error_page(error)
        try:
            authorization.judge(self._world, asked)
            policies.judge(self._world, asked.app, browser.user, networks.source(self._world, request), "authorize")
        except OAuthError as error:
            return _refused(browser, asked, error)
        if form.get("decision") != "allow":
            return _go(browser, asked.refuse(OAuthError("denied")))
        return _go(browser, authorization.approve(self._world, asked, browser.user))

    async def _log_out(self, request: web.Request) -> web.Response:
        browser = browsers.find(self._world, request)
        browsers.log_out(self._world, browser)
        return _go(browser, _with_start("/login", _start_url(request.query, browser)))

    def _show_login(self, browser: Browser, start_url: str, *, username: str = "", error: str = "") -> web.Response:
        query = URL(start_url).query
        response = show(
            "login.html",
            app=apps.find(self._world.db, query.get("client_id", "")),
            username=username or query.get("login_hint", ""),
            error=error,
            start_url=start_url,
            people=[(user, orgs.find_org(self._world, user.org_id)) for user in orgs.all_users(self._world.db)],
        )
        browsers.remember(browser, response)
        return response

    def _show_verify(self, browser: Browser, start_url: str, *, error: str = "") -> web.Response:
        if browser.pending is None:
            return _go(browser, _with_start("/login", start_url))
        name, _, domain = browser.pending.email.partition("@")
        response = show("verify.html", address=f"{name[:1]}***@{domain}", start_url=start_url, error=error)
        browsers.remember(browser, response)
        return response


async def _form(request: web.Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _start_url(form: Mapping[str, str], browser: Browser) -> str:
    wanted = form.get("startURL") or browser.start_url
    # Only pages of ours, and no `//elsewhere`.
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _with_start(path: str, start_url: str) -> URL:
    return URL(path).with_query(startURL=start_url)


def _logged_in(start_url: str) -> URL:
    """Answer where to go on, without asking for the login that has just happened."""
    url = URL(start_url)
    prompts = [word for word in url.query.get("prompt", "").split() if word not in ("login", "select_account")]
    if "prompt" not in url.query:
        return url
    rest = url.without_query_params("prompt")
    return rest.update_query(prompt=" ".join(prompts)) if prompts else rest


def _go(browser: Browser, url: URL) -> web.Response:
    response = web.Response(status=302, headers={"Location": str(url), "Cache-Control": "no-store"})
    browsers.remember(browser, response)
    return response


def _refused(browser: Browser, asked: AuthorizationRequest, error: OAuthError) -> web.Response:
    return _error_page(error) if error.on_page else _go(browser, asked.refuse(error))


def _error_page(error: OAuthError) -> web.Response:
    lines = [f"error={error.error}", f"error_description={error.description}"]
    return show("message.html", status=400, heading="OAuth error", lines=lines)
