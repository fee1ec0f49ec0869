/** What the blocks of the documents begin from, as bash; each is a command there. See `document-shell.ts`. */
export const SCENES: Readonly<Record<string, string>> = {
  /** `weeks <n>`: the mirror is in week n, an update was made in each week, and the copy has the first of them. */
  weeks: `
mirror-week 1
conda-diff-export init -q mirror --empty
conda-diff-export create -q mirror -o outbox/
conda-diff-import apply -q outbox/default-1 copy
for ((week = 2; week <= $1; week++)); do
  mirror-week $week
  conda-diff-export create -q mirror -o outbox/
done
`,
  /** `at <n> <what> <command>`: runs a command of ours; at its n-th rename, `what` strace injects happens. */
  at: `
number=$1 what=$2 filter=--seccomp-bpf
shift 2
[[ $what != signal=* ]] || filter= # which makes strace fast and loses signals
PATH="$REAL:$PATH" exec strace $filter -f -o /dev/null -E UV_THREADPOOL_SIZE=1 -E UV_USE_IO_URING=0 \\
  -e 'trace=?rename,renameat,?renameat2' -e "inject=?rename,renameat,?renameat2:$what:when=$number" "$@"
`,
  /** `start-unit <name>`: does what systemd does to start a service of type oneshot, as this user. */
  'start-unit': `
unit="$HERE/etc/systemd/system/$1"
mapfile -t environment < <(sed -n 's/^Environment=//p' "$unit")
while read -r line; do
  env -i "\${environment[@]}" PATH="$PATH" HERE="$HERE" sh -c "exec $line"
done < <(sed -n 's/^ExecStart=//p' "$unit")
`,
  /** Without the manager that runs: on the files. */
  systemctl: `
units="$HERE/etc/systemd/system"
case $1 in
  daemon-reload) (cd "$units" && for unit in *.*; do [ -d "$unit" ] || systemd-analyze verify --man=no "$unit"; done) ;;
  enable)
    for unit; do
      [[ $unit == *.* ]] && name=$unit || continue
      /usr/bin/systemctl --root="$HERE" -q enable "$name" 2>/dev/null
      find "$units" -path "*.wants/$name" | grep -q .
    done ;;
  start) start-unit "$2" ;;
  *) echo "no such verb here: $1" >&2; exit 2 ;;
esac
`,
};
