import { describeTensorFlowMemory } from "./tensorflow-memory.ts";

describeTensorFlowMemory("bfloat16");
