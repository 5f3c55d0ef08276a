# Completion of assay for bash. Made by tools/assay/completions/generate.
_assay() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command= i options=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      check | run | disasm | asm | dump | ps) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  COMPREPLY=()
  case $before in
    --input-format) mapfile -t COMPREPLY < <(compgen -W "auto raw raw-be text ddd hex c" -- "$word"); return ;;
    --privileged) mapfile -t COMPREPLY < <(compgen -W "yes no" -- "$word"); return ;;
    --no-new-privs) mapfile -t COMPREPLY < <(compgen -W "yes no" -- "$word"); return ;;
    --jit-harden) mapfile -t COMPREPLY < <(compgen -W "0 1 2" -- "$word"); return ;;
    --format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$word"); return ;;
    --color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$word"); return ;;
    --records-format) mapfile -t COMPREPLY < <(compgen -W "json raw" -- "$word"); return ;;
    --byte-order) mapfile -t COMPREPLY < <(compgen -W "little big" -- "$word"); return ;;
    --output-format) mapfile -t COMPREPLY < <(compgen -W "raw raw-be text ddd hex c" -- "$word"); return ;;
  esac
  case $command in
    '') options="--help --version --format check run disasm asm dump ps" ;;
    'check') options="--input-format --privileged --no-new-privs --jit-harden --flags --chain --stack --help --format --semantics --output --color --quiet" ;;
    'run') options="--input-format --arch --nr --syscall --ip --arg --records --records-format --trace --stack --tracer --listener --sigsys-handler --threads --help --format --semantics --output --color --quiet" ;;
    'disasm') options="--input-format --plain --no-comments --arch --byte-order --help --format --semantics --output --color --quiet" ;;
    'asm') options="--input-format --output-format --help --format --semantics --output --color --quiet" ;;
    'dump') options="--pid --tid --threads --output-dir --help --format --semantics --output --color --quiet" ;;
    'ps') options="--confined --threads --help --format --semantics --output --color --quiet" ;;
  esac
  if [[ $word == -* || -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _assay assay
