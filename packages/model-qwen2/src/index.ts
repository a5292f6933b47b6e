export { chatml } from "./chatml.ts";
export { qwen2 } from "./qwen2.ts";
export type { Qwen2Options } from "./qwen2.ts";
