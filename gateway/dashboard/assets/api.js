// Requests to the gateway. The page shows the figures as they come and computes none of its own.

export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let login = null; // who is logged in here, once asked for

export function whoAmI() {
  login ??= get("v1/session").catch((error) => {
    login = null;
    throw error;
  });
  return login;
}

export async function get(path, params = {}) {
  return orLogin(await fetch(url(path, params), { headers: { accept: "application/json" } }));
}

export const post = (path, body, headers = {}) => change("POST", path, JSON.stringify(body), headers);

export const remove = (path) => change("DELETE", path, undefined, {});

// What changes something carries the login's token beside the cookie: another site's page could have that sent.
async function change(method, path, body, headers, again = true) {
  const { csrf } = await whoAmI();
  const token = csrf ? { "x-slimgate-csrf": csrf } : {};
  const sent = { method, headers: { "content-type": "application/json", ...token, ...headers }, body };
  try {
    return await orLogin(await fetch(url(path), sent));
  } catch (error) {
    if (error.code !== "csrf_token" || !again) throw error;
    login = null; // somebody logged in again, in another tab
    return change(method, path, body, headers, false);
  }
}

// A request that asks a model and so may cost money: it carries a key, and no login counts.
export async function postWithKey(path, body, key) {
  const authorization = key ? { authorization: `Bearer ${key}` } : {};
  const headers = { "content-type": "application/json", ...authorization };
  return answer(await fetch(url(path), { method: "POST", credentials: "omit", headers, body: JSON.stringify(body) }));
}

// Relative to the page, so that it also works behind a proxy that adds a path prefix.
export function url(path, params = {}) {
  const query = new URLSearchParams(
    Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
  return `${path}${query.size ? `?${query}` : ""}`;
}

function orLogin(response) {
  if (response.status === 401) location.assign(`login${location.hash}`);
  return answer(response);
}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  const error = body?.error;
  throw new ApiError(error?.message ?? `${response.status} ${response.statusText}`, response.status, error?.code);
}
