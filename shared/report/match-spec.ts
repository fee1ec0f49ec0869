/**
 * The name that a MatchSpec asks for (conda's documentation, "Package match specifications"; CEP 29): what stands before
 * the version, build, brackets and condition, and after a channel. Names are lower case.
 *
 * @param spec an entry of `depends`, as `conda-forge/linux-64::NumPy >=1.21,<2[build=py*]`
 * @returns `undefined` where no single name is asked for: patterns such as `mkl*`, and URLs of artifacts
 */
export function packageNameOf(spec: string): string | undefined {
  const bare = withoutCondition(spec).trim();
  const named = /\[[^\]]*\bname\s*=\s*["']?([^"',\]\s]+)/.exec(bare)?.[1];
  const text = named ?? /^[^\s=<>!~[;@]*/.exec(withoutChannel(bare))?.[0] ?? '';
  return /^[a-z0-9_][a-z0-9_.-]*$/i.test(text) ? text.toLowerCase() : undefined;
}

/** Whether a name is of a virtual package (CEP 30): the machine provides it, no repository does. */
export function isVirtual(name: string): boolean {
  return name.startsWith('__');
}

/** Cuts off a comment, and the condition of CEP-like `name; if python <3.9`. */
function withoutCondition(spec: string): string {
  return spec.replace(/\s*(?:;\s*if\b|\s#).*$/s, '');
}

/** `channel::name`, `channel/subdir::name`, `channel:namespace:name`: a colon before the brackets. */
function withoutChannel(spec: string): string {
  const [head = ''] = spec.split('[', 1);
  const colon = head.lastIndexOf(':');
  return colon < 0 ? spec : spec.slice(colon + 1);
}
