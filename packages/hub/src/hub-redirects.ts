const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;

/**
 * Fetches an address and follows redirects. Sends the `authorization` header only to the origin of `home`, until a
 * redirect leads to another origin. Never follows a redirect from https to http.
 */
export async function fetchFromHome(home: string, address: string | URL, init: RequestInit): Promise<Response> {
  let url = new URL(address);
  let trusted = true;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    trusted &&= url.origin === new URL(home).origin;
    const headers = new Headers(init.headers);
    if (!trusted) headers.delete("authorization");
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null) return response;
    await response.body?.cancel();
    url = redirected(url, location);
  }
  throw new Error(`it was redirected more than ${MOST_REDIRECTS} times`);
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:")) return to;
  throw new Error(`${from.origin} redirected to an address that is not ${from.protocol}`);
}
