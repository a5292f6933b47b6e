// A command, not a library: `mlan` starts in main.ts, and other code imports nothing from this package.
