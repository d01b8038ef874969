// Runs before the page is drawn, so that a chosen theme does not flash in.
{
  const chosen = localStorage.getItem("slimgate-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
