// Texts for the values of the closed lists: routes, reasons, outcomes.

export const ROUTES = { local: "Local model", cloud: "Cloud model", none: "Refused before routing" };

export const REASONS = {
  score: "The score decided",
  pinned: "The caller chose the side",
  capability: "Needs what the local model lacks",
  context: "Too long for the local model",
  offline: "Only one side is available",
  budget: "The budget is spent",
  session: "A tool loop stays with the model that began it",
  load: "The first local token would be too late",
  privacy: "Must not leave this machine",
  failover: "The first choice failed",
  escalated: "The local answer was too unsure",
  invalid: "The request could not be used",
};

export const OUTCOMES = {
  ok: "answered",
  rejected: "refused (4xx)",
  failed: "failed (5xx)",
  interrupted: "broke off",
  cancelled: "caller left",
  lost: "lost in a crash",
};

export const REASON_COLOURS = {
  score: "c1",
  offline: "c2",
  pinned: "c3",
  failover: "c4",
  capability: "c5",
  context: "c6",
  load: "c7",
  privacy: "c8",
  session: "c9",
  budget: "c10",
  escalated: "c11",
  invalid: "c12",
};
