import { describeTransformerBlocks } from "./transformer-blocks.ts";

describeTransformerBlocks();
