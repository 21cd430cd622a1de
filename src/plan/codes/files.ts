import { type CodeEntry, error, warning } from './entry.ts'

/** Found by `config/` while it reads files; FR0044 also when a backendRef is resolved. */
export const fileCodes: readonly CodeEntry[] = [
  error('FR0001', {
    title: 'not YAML',
    why: 'The file cannot be read as YAML: usually a wrong indent, a tab, or a value with `: ` or `#` in it that is not quoted. The routes last read from it stay in use.',
    fix: 'Mend the line named; quote values that hold special characters.',
    wrong: 'spec:\n  upstreams:\n  - name: crm\n     url: http://localhost:9002',
    right: 'spec:\n  upstreams:\n  - name: crm\n    url: http://localhost:9002',
    foundBy: 'files',
  }),
  error('FR0009', {
    title: 'key that kubectl reads differently',
    why: 'kubectl and the other tools of a cluster read YAML 1.1, in which `on`, `off`, `yes`, `no`, `y` and `n` without quotes are true and false, `017` is 15 and `8_080` is 8080, keys included. The relay reads YAML 1.2, where they are what they look like. `kubectl apply` would refuse this file, or store another field. Without `--kubernetes` it is a warning, FR0128: a relay that reads files takes the key for what it looks like.',
    fix: 'Put quotes around the key. JSON files are not affected.',
    wrong: 'retry: {on: [Reset]}',
    right: 'retry: {"on": [Reset]}',
    foundBy: 'files',
  }),
  error('FR0044', {
    title: 'backends.yaml has an invalid entry',
    why: 'An entry of backends.yaml maps a Service to a base URL: scheme, host and port. A path there would silently change every request sent by it, and of two entries for one Service only one can count.',
    fix: 'Write `name`, `name:port`, `namespace/name` or `namespace/name:port` as key and `http://host:port` as value; put paths into the route.',
    wrong: 'inventory: http://localhost:9001/api/v1',
    right: 'inventory: http://localhost:9001',
  }),
  error('FR0045', {
    title: 'file too large',
    why: 'Everything the relay holds is bounded, files of routes too.',
    fix: 'Split the file; a directory may be given instead of a file.',
    foundBy: 'files',
  }),
  error('FR0046', {
    title: 'too many routes or files',
    why: 'Everything the relay holds is bounded. More than this usually means that a wrong directory was given.',
    fix: 'Give the relay only the files it is to serve.',
    foundBy: 'files',
  }),
  warning('FR0110', {
    title: 'document of another kind skipped',
    why: 'The file holds something that is not a FanOutRoute, such as a Service. It is left alone.',
    fix: 'Nothing, when that is what you want; otherwise look for a slip in `apiVersion` or `kind`.',
    foundBy: 'files',
  }),
  warning('FR0111', {
    title: 'no routes found',
    why: 'Nothing in the files or directories given is a FanOutRoute, so every request gets 404. `lint` takes this for an error: nothing has been checked.',
    fix: 'Check the path given; files must end in .yaml, .yml or .json. Subdirectories are not searched (FR0133).',
    foundBy: 'files',
  }),
  warning('FR0112', {
    title: 'file not readable',
    why: 'The file exists no more, the relay may not read it, or it is no regular file. A running relay keeps the routes last read from it. `lint`, `explain` and `simulate` take this for an error, because there is no earlier reading; they also read pipes and devices that are named.',
    fix: 'Check the path and its permissions; a relay follows regular files alone.',
    foundBy: 'files',
  }),
  warning('FR0117', {
    title: 'empty file',
    why: 'A save that has just begun and a disk that is full look the same: a file with nothing in it. The routes last read from it stay in use.',
    fix: 'Delete the file to withdraw its routes.',
    foundBy: 'files',
  }),
  warning('FR0128', {
    title: 'key or value that kubectl reads differently',
    why: 'kubectl and the other tools of a cluster read YAML 1.1, in which `on`, `off`, `yes`, `no`, `y` and `n` without quotes are true and false, `017` is 15 and `8_080` is 8080. The relay reads YAML 1.2, where `017` is 17 and the others are text. The same file would be refused in a cluster, or mean something else.',
    fix: 'Put quotes around keys and text; write numbers without leading zeros and underscores. JSON files are not affected.',
    wrong: 'headers: [{name: x-beta, value: on}]',
    right: 'headers: [{name: x-beta, value: "on"}]',
    foundBy: 'files',
  }),
  warning('FR0133', {
    title: 'subdirectory not read',
    why: 'Of a directory, the relay reads the files that lie in it, not those of directories in it, so routes there are not served.',
    fix: 'Name the subdirectory as well, or move the files.',
    foundBy: 'files',
  }),
]
