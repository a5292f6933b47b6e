// oxlint-disable unicorn/no-empty-file -- a command, not a library: `mlan` starts in main.ts
