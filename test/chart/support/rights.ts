/** One row of `kubectl auth can-i --list`, in words: `get,list pods`, `get secrets/NAME`. */
export const parseRights = (list: string): readonly string[] =>
  list
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const found = /^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]\s*$/.exec(line)
      if (!found) return []
      const [, resource, urls, names, verbs] = found
      const target = resource || urls!.replaceAll(' ', ',')
      const only = names ? `/${names.replaceAll(' ', ',')}` : ''
      return [`${verbs!.split(' ').sort().join(',')} ${target}${only}`]
    })
    .sort()
