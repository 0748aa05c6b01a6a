"""Pages of the Dagster UI in a browser without a window."""

import json
import shutil
import subprocess
import time
import urllib.request

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
CUT_VALUES = """
return [...document.querySelectorAll("[class*='AssetEventMetadataEntriesTable_'] td table")]
  .filter(table => table.getBoundingClientRect().right
    > table.closest("td").getBoundingClientRect().right)
  .map(table => table.innerText)
"""
OVER_THE_EDGE = """
const scrolls = element => {
  for (let e = element; e; e = e.parentElement)
    if (getComputedStyle(e).overflowX == "auto" && e.scrollWidth > e.clientWidth) return true;
};
return [...document.querySelectorAll("button, input, a")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e))
  .map(e => e.outerHTML.slice(0, 200))
"""
HOSTILE = """
<!doctype html><title>waiting</title>
<form id="form" method="post" enctype="text/plain" action="ADDRESS/graphql?query=LAUNCH" target="f">
<input name='{"query":"LAUNCH_TEXT"}' value=""></form><iframe name="f"></iframe>
<script>
const address = "ADDRESS", mutation = decodeURIComponent("LAUNCH");
const tries = [
  fetch(address + "/graphql?query=LAUNCH"),
  fetch(address + "/graphql?query=LAUNCH", {mode: "no-cors"}).then(r => r.type),
  fetch(address + "/graphql", {method: "POST", body: JSON.stringify({query: mutation})}),
  fetch(address + "/graphql", {method: "POST", mode: "no-cors", body: "x",
        headers: {"Content-Type": "text/plain; application/json"}}).then(r => r.type),
  fetch(address + "/graphql", {method: "POST", body: JSON.stringify({query: mutation}),
        headers: {"Content-Type": "application/json"}}),
  fetch(address + "/report_asset_materialization/background", {method: "POST", mode: "no-cors"})
    .then(r => r.type),
  fetch(address + "/server_info").then(r => r.text()),
  new Promise((open, refused) => {
    const socket = new WebSocket(address.replace("http", "ws") + "/graphql", "graphql-ws");
    socket.onopen = () => open("opened"); socket.onerror = () => refused("closed");
  }),
];
new Image().src = address + "/graphql?query=LAUNCH";
document.getElementById("form").submit();
Promise.allSettled(tries).then(ends => {
  const told = ends.map(end => end.status == "fulfilled" ? String(end.value) : "-");
  document.title = "done " + told.join(",");
});
</script>
"""
LAUNCH = (
    'mutation{launchRun(executionParams:{selector:{repositoryLocationName:"hoban_assets",'
    'repositoryName:"__repository__",jobName:"__ASSET_JOB",assetSelection:[{path:["background"]}]},'
    'runConfigData:"{}",executionMetadata:{tags:[{key:"dagster/partition",value:"sub"}]}})'
    "{__typename}}"
)
STATE = "{runsOrError{... on Runs{results{id}}} assetsOrError{... on AssetConnection{nodes{id}}}}"


def wait_for_server(url: str, server: subprocess.Popen) -> str:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert server.poll() is None, "the webserver ended"
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):
                return url
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the webserver did not answer in time")


def started_browser():
    """A browser that tells what it was asked to fetch; `quit` ends it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1600,4000"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


def read_page(browser, url: str, *expected: str, seconds: float = 180) -> str:
    """Open a page and wait until all `expected` texts are on it."""
    browser.get(url)
    deadline = time.monotonic() + seconds
    while True:
        text = browser.find_element("tag name", "body").text
        lacking = [e for e in expected if e not in text]
        if not lacking:
            return text
        assert time.monotonic() < deadline, f"not on {url}: {lacking}\n{text}"
        time.sleep(0.3)


def press(browser, label: str) -> None:
    """Press the button whose label begins so."""
    wait_for(browser, f"//button[starts-with(normalize-space(.), '{label}')]").click()


def wait_for(browser, xpath: str, seconds: float = 180):
    """First element of `xpath` that is shown and can be pressed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for found in browser.find_elements("xpath", xpath):
            if found.is_displayed() and found.is_enabled():
                return found
        time.sleep(0.3)
    raise AssertionError(f"not on {browser.current_url}: {xpath}")


def state(address: str) -> bytes:
    """Runs and assets, as the UI itself asks for them."""
    request = urllib.request.Request(
        f"{address}/graphql",
        data=json.dumps({"query": STATE}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()
