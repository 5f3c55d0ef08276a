# Completion of assay for bash. Made by tools/assay/completions/generate.
_assay() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command= i options=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      check | run | diff | explain | query | witness | fingerprint | audit | replay | cost | disasm | asm | confirm | campaign | profile | fuzz-generator | dump | report | merge | ps) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  COMPREPLY=()
  case $before in
  esac
  case $command in
    '') options="--help --version --format check run diff explain query witness fingerprint audit replay cost disasm asm confirm campaign profile fuzz-generator dump report merge ps" ;;
    'check') options="--input-format --privileged --no-new-privs --jit-harden --flags --chain --stack --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'run') options="--input-format --arch --nr --syscall --ip --arg --records --records-format --trace --stack --tracer --listener --sigsys-handler --threads --help --format --semantics --output --color --quiet" ;;
    'diff') options="--input-format --stack-a --stack-b --subset --exact --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'explain') options="--input-format --stack --arch --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'query') options="--input-format --when --verdict --expect --stack --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'witness') options="--input-format --cover --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'fingerprint') options="--input-format --stack --targets --node-limit --time-limit --jobs --shard --checkpoint --database --resume --help --format --semantics --output --color --quiet" ;;
    'audit') options="--input-format --rule --ignore --severity --fail-on --baseline --confirm --stack --targets --details --kernel --fact --libc --installed --jobs --rules --explain --node-limit --time-limit --shard --checkpoint --database --resume --help --format --semantics --output --color --quiet" ;;
    'replay') options="--input-format --trace-format --arch --stack --each --unused --against --tighten --traces --node-limit --time-limit --jobs --shard --checkpoint --database --resume --help --format --semantics --output --color --quiet" ;;
    'cost') options="--input-format --stack --trace --trace-format --calls --advice --write --measure --call --rounds --plot-calls --plot-depth --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'disasm') options="--input-format --plain --no-comments --arch --byte-order --help --format --semantics --output --color --quiet" ;;
    'asm') options="--input-format --output-format --help --format --semantics --output --color --quiet" ;;
    'confirm') options="--input-format --stack --records --seed --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'campaign') options="--seed --programs --records --seconds --findings --distinct --jobs --shard --checkpoint --database --resume --help --format --semantics --output --color --quiet" ;;
    'profile') options="--runtime --profile-format --arch --kernel --cap --form --seccomp-root --seccomp-default --runtime-default --groups --output-format --against --table --junit --since --pure --confirm --input-format --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'fuzz-generator') options="--generator --profiles --seconds --seed --jobs --confirm --no-confirm --output-dir --shard --checkpoint --database --resume --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'dump') options="--pid --tid --threads --output-dir --help --format --semantics --output --color --quiet" ;;
    'report') options="--input-format --stack-a --stack-b --kernel --node-limit --time-limit --help --format --semantics --output --color --quiet" ;;
    'merge') options="--into --summary --since --help --format --semantics --output --color --quiet" ;;
    'ps') options="--confined --threads --help --format --semantics --output --color --quiet" ;;
  esac
  if [[ $word == -* || -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _assay assay
