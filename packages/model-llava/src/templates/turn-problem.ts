import type { Turn } from "@mlan/core";

/**
 * Describes a wrong order of turns: they must alternate and end with an answer. Returns undefined for a correct order.
 */
export function turnProblem(turns: readonly Turn[]): string | undefined {
  const system = turns[0]?.role === "system" ? 1 : 0;
  const rounds = turns.slice(system);
  const odd = rounds.findIndex(({ role }, index) => role !== (index % 2 === 0 ? "user" : "assistant"));
  if (odd >= 0) {
    const found = `turn ${odd + system + 1} is by the ${rounds[odd]?.role}`;
    return `${found}; turns must alternate, beginning with the user's, after a system turn if there is one`;
  }
  if (rounds.length === 0) return "it has no turns";
  return rounds.length % 2 === 0 ? undefined : "its last turn is the user's; an answer must follow";
}
