/**
 * Whether the original vision tasks take a question for a yes/no one: its published answer contains "yes" or "no", as
 * "snow" and "north" do too.
 */
export function saysYesOrNo(answer: string): boolean {
  return answer.includes("yes") || answer.includes("no");
}
