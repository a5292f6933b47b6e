import { describeTensorFlowMemory } from "./tensorflow-memory.ts";

describeTensorFlowMemory("float32");
