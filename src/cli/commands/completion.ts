import { Argument, type Command } from 'commander'
import { writeLines } from '../output.ts'

/** Each asks `kobel __complete WORDS…` for a line per candidate; where there are none the shell offers files. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_kobel() {
  local IFS=$'\\n' candidate
  COMPREPLY=()
  for candidate in $(kobel __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    COMPREPLY+=("$(printf '%q' "$candidate")")
  done
}
complete -o default -F _kobel kobel`,
  zsh: `#compdef kobel
_kobel() {
  local -a candidates
  candidates=("\${(@f)$(kobel __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#candidates} )) && [[ -n "$candidates[1]" ]]; then compadd -a candidates; else _files; fi
}
compdef _kobel kobel`,
  fish: `function __kobel_complete
  set -l words (commandline -opc)
  kobel __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c kobel -a '(__kobel_complete)'`,
}

export function configure(command: Command): Command {
  return command
    .addArgument(new Argument('<shell>', 'the shell to complete for').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
The script completes commands, options, and the names of operators and states of the snapshot on the line.

Example:
  source <(kobel completion bash)
  kobel completion fish > ~/.config/fish/completions/kobel.fish`,
    )
    .action((shell: string) => writeLines([SCRIPTS[shell]!]))
}
