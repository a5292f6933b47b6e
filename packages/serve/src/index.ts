export { type ModelServer, serve, type ServedModel } from "./serve.ts";
export type { ServeOptions } from "./serve-options.ts";
