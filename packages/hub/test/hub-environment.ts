import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** Hides this machine's settings, tokens and caches of the Hub from the tests. */
export function withoutHubVariables(): void {
  const names = ["HF_ENDPOINT", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"];
  const switches = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"];
  for (const name of [...names, ...switches]) vi.stubEnv(name, undefined);
  vi.stubEnv("HF_HOME", join(tmpdir(), "no-hugging-face-here"));
}
