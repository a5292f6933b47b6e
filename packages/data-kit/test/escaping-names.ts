export const ESCAPES = [
  "../secret.png",
  "a/../../secret.png",
  "/etc/passwd",
  "..\\secret.png",
  "C:\\secret.png",
  "file:///etc/passwd",
  "a\0.png",
  "a\ud800.png",
  "",
];
