// Written for any Node, however old: its job is to say clearly that a Node is too old.
// The floors are the first releases without CVE-2026-58044 (header truncation that desynchronises proxies).
const [major, minor, patch] = process.versions.node.split('.').map(Number)
const atLeast = (m, n, p) => major === m && (minor > n || (minor === n && patch >= p))
if (!(major > 26 || atLeast(26, 5, 1) || atLeast(24, 18, 1))) {
  console.error(
    'fanout-relay: Node ' +
      process.versions.node +
      ' is not supported.\n' +
      '  why: FanOut Relay needs Node 24.18.1 or newer in line 24, or 26.5.1 or newer.\n' +
      '  fix: run "npm ci" in the checkout (it brings a suitable Node), or point FANOUT_NODE at one.',
  )
  process.exit(2)
}
