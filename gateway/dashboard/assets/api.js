// Requests to the gateway. The page shows the figures as they come and computes none of its own.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

let key = null; // typed by the operator, for requests that change something; kept in this tab's memory only

export function useKey(typed) {
  key = typed || null;
}

export async function get(path, params = {}) {
  return answer(await fetch(url(path, params), { headers: { accept: "application/json" } }));
}

export async function post(path, body, headers = {}) {
  const authorization = key ? { authorization: `Bearer ${key}` } : {};
  return answer(
    await fetch(url(path), {
      method: "POST",
      // The password that the browser adds is good for reading only. Refused here, the browser would forget it.
      credentials: "omit",
      headers: { "content-type": "application/json", ...authorization, ...headers },
      body: JSON.stringify(body),
    }),
  );
}

// Relative to the page, so that it also works behind a proxy that adds a path prefix.
export function url(path, params = {}) {
  const query = new URLSearchParams(
    Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
  return `${path}${query.size ? `?${query}` : ""}`;
}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new ApiError(body?.error?.message ?? `${response.status} ${response.statusText}`, response.status);
}
