/** "yes" for `true` and "no" for `false` in any case; anything else unchanged, with its white space. */
export function trueFalse(answer: string): string {
  const lower = answer.toLowerCase();
  if (lower === "true") return "yes";
  return lower === "false" ? "no" : answer;
}
