// The page's own requests.

export async function fetchState(person) {
  const response = await fetch(`/page/state?person=${encodeURIComponent(person)}`);
  return response.json();
}

export async function act(kind, body) {
  const response = await fetch(`/page/act/${kind}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return response.json();
}

export function follow(onChange) {
  const events = new EventSource("/page/events");
  events.onmessage = onChange;
}

export async function fetchPanel() {
  return (await fetch("/page/panel")).json();
}

export async function arm(fault) {
  await fetch(`/page/panel/${encodeURIComponent(fault)}`, { method: "POST" });
}
