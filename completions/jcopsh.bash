# Completion of jcopsh in bash. Made by `jcopsh completion bash`; do not change it by hand.

# Put the words before the cursor together again that readline parts at = and :, and set `cur`, `option` and `value`.
__jcopsh_read_words() {
    local i last=0
    words=("${COMP_WORDS[0]}")
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((last > 0)) && [[ ${COMP_WORDS[i]} == [=:]* || ${words[last]} == *[=:] ]]; then
            words[last]+=${COMP_WORDS[i]}
        else
            words[++last]=${COMP_WORDS[i]}
        fi
    done
    cur=${words[last]} option='' value=$cur
    ((last > 1)) && option=${words[last - 1]}
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*} value=${cur#*=}
    fi
    unset "words[last]" "words[0]"
}

# TEXT MEANING: offer TEXT if it goes on from what is typed.
__jcopsh_offer() {
    [[ $1 == "$cur"* ]] || return 0
    COMPREPLY+=("$1")
    meanings+=("$2")
}

# OPTION MEANING OTHER...: offer OPTION, unless one of the others was given.
__jcopsh_option() {
    local other
    for other in "${@:3}"; do
        [[ $given == *" $other "* ]] && return
    done
    __jcopsh_offer "$1" "$2"
}

# CHOICE MEANING...: offer the values of an option; one that goes on behind a comma when that is typed.
__jcopsh_choices() {
    local before=${cur%"$value"}
    while (($# > 1)); do
        [[ $1 == *,* && $value != *,* ]] || __jcopsh_offer "$before$1" "$2"
        shift 2
    done
    __jcopsh_end
}

# Offer the commands that the line after -c can go on with, in quotes or not.
__jcopsh_commands() {
    local text=${value#[\'\"]} command before
    before=${text%"${text##*;}"}
    text=${text##*;}
    before+=${text%%[! ]*}
    text=${text#"${text%%[! ]*}"}
    compopt -o nospace
    for command in "$@"; do
        [[ $command == "$text"* ]] && COMPREPLY+=("$before$command")
    done
}

# Leave out what readline takes for words of their own; show meanings where entries are only listed (COMP_TYPE 63 is ?).
__jcopsh_end() {
    local i breaks='' before width=0
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
    if [[ -n $breaks && $cur == *[$breaks]* ]]; then
        before=${cur%"${cur##*[$breaks]}"}
        COMPREPLY=("${COMPREPLY[@]#"$before"}")
    fi
    ((COMP_TYPE == 63 && ${#COMPREPLY[@]} > 1)) || return 0
    for i in "${!COMPREPLY[@]}"; do
        ((${#COMPREPLY[i]} > width)) && width=${#COMPREPLY[i]}
    done
    for i in "${!COMPREPLY[@]}"; do
        [[ -n ${meanings[i]} ]] && printf -v "COMPREPLY[i]" "%-${width}s  %s" "${COMPREPLY[i]}" "${meanings[i]}"
        COMPREPLY[i]=${COMPREPLY[i]:0:$((${COLUMNS:-80} - 1))}
    done
}

_jcopsh() {
    local cur option value given=' ' word i
    local -a words meanings=()
    COMPREPLY=()
    __jcopsh_read_words
    case $option in
        --reader) compopt +o default; return ;;
        --protocol) compopt +o default; __jcopsh_choices T=0 '' T=1 ''; return ;;
        --profile) compopt +o default; __jcopsh_choices j2a040-unfused 'J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor'"'"'s script' j2a040-unfused,boot=keep 'j2a040-unfused with boot=keep' j2a081-unfused 'J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000' j2a081-unfused,boot=keep 'j2a081-unfused with boot=keep' j2a040 'J2A040 (JCOP 2.4.1), personalised: SCP02, keys 40 to 4F of version FF' j2a040,scp02=05 'j2a040 with scp02=05' j2a040,scp02=15 'j2a040 with scp02=15' j2a040,scp02=35 'j2a040 with scp02=35' j2a040,scp02=45 'j2a040 with scp02=45' j2a040,scp02=55 'j2a040 with scp02=55' j2a040,scp02=75 'j2a040 with scp02=75' j2a040,scp02=07 'j2a040 with scp02=07' j2a040,scp02=17 'j2a040 with scp02=17' j2a040,scp02=57 'j2a040 with scp02=57' j2a040,scp02=77 'j2a040 with scp02=77' j2e145 'J2E145 (JCOP 2.4.2R3), personalised: SCP02, keys 40 to 4F of version FF' j2e145,scp02=05 'j2e145 with scp02=05' j2e145,scp02=15 'j2e145 with scp02=15' j2e145,scp02=35 'j2e145 with scp02=35' j2e145,scp02=45 'j2e145 with scp02=45' j2e145,scp02=55 'j2e145 with scp02=55' j2e145,scp02=75 'j2e145 with scp02=75' j2e145,scp02=07 'j2e145 with scp02=07' j2e145,scp02=17 'j2e145 with scp02=17' j2e145,scp02=57 'j2e145 with scp02=57' j2e145,scp02=77 'j2e145 with scp02=77' j3r180 'J3R180 (JCOP 4.5), personalised: SCP03 with keys of version FF, SCP02 with those of version 20' j3r180,scp02=05 'j3r180 with scp02=05' j3r180,scp02=15 'j3r180 with scp02=15' j3r180,scp02=35 'j3r180 with scp02=35' j3r180,scp02=45 'j3r180 with scp02=45' j3r180,scp02=55 'j3r180 with scp02=55' j3r180,scp02=75 'j3r180 with scp02=75' j3r180,scp02=07 'j3r180 with scp02=07' j3r180,scp02=17 'j3r180 with scp02=17' j3r180,scp02=57 'j3r180 with scp02=57' j3r180,scp02=77 'j3r180 with scp02=77' j3r180,scp03=00 'j3r180 with scp03=00' j3r180,scp03=10 'j3r180 with scp03=10' j3r180,scp03=20 'j3r180 with scp03=20' j3r180,scp03=60 'j3r180 with scp03=60' j3r180,scp03=70 'j3r180 with scp03=70' j3r180,scp03=01 'j3r180 with scp03=01' j3r180,scp03=61 'j3r180 with scp03=61' j3r180,scp03=71 'j3r180 with scp03=71' iso7816-files 'an ordinary card with files, records, data objects and a PIN: the inventory of a workshop' iso7816-files,protocol=t0 'iso7816-files with protocol=t0'; return ;;
        --sim-state) return ;;
        --replay) return ;;
        -c) compopt +o default; __jcopsh_commands connect disconnect reset atr identify status select boot protect fuse auth keys put-keys put-key delete-key read write dump info list cplc cap install upload install-applet make-selectable make-default set-privileges delete set-status store-data personalize create-domain extradite select-file pwd files cat read-binary read-record update-binary update-record append-record create-file delete-file get-data put-data data-objects tlv verify change-pin unblock-pin get-challenge internal-authenticate manage-channel get-response send send_apdu card_connect card_disconnect enable_trace establish_context readers reader-send trace set run exit alias unalias history help plugins applets; return ;;
    esac
    set -- "${words[@]}"
    while (($#)); do
        case $1 in
            --reader | --protocol | --profile | --sim-state | --replay | -c) given+="$1 "; shift ;;
            -?*) given+="${1%%=*} " ;;
            *) given+='argument ' ;;
        esac
        (($#)) && shift
    done
    if [[ ${#words[@]} == 1 && ${words[1]} == completion ]]; then
        compopt +o default; __jcopsh_choices bash 'the script for bash' zsh 'the script for zsh' fish 'the script for fish'; return
    fi
    [[ ${#words[@]} == 0 && -n $cur && -z $(compgen -f -- "$cur") ]] && __jcopsh_offer completion ''
    if [[ $cur == -* ]]; then
        __jcopsh_option -h 'show this help message and exit' -h --help; __jcopsh_option --help 'show this help message and exit' -h --help
        __jcopsh_option --reader 'the reader, by index, name or part of its name' --reader --sim --profile --sim-state --replay
        __jcopsh_option --shared 'let other programs use the card at the same time' --shared --sim --profile --sim-state --replay
        __jcopsh_option --protocol 'the protocol to ask the reader for' --protocol --sim --profile --sim-state --replay
        __jcopsh_option --sim 'a simulated card, which nobody can ruin' --sim --reader --shared --protocol --replay
        __jcopsh_option --profile 'which simulated card (implies --sim; default j2a040-unfused)' --profile --reader --shared --protocol --replay
        __jcopsh_option --sim-state 'keep the simulated card in FILE (implies --sim)' --sim-state --reader --shared --protocol --replay
        __jcopsh_option --replay 'a recorded session in place of a card' --replay --reader --shared --protocol --sim --profile --sim-state
        __jcopsh_option -c 'run these lines' argument
        __jcopsh_option --no-config 'without config.toml and the start-up file' --no-config
        __jcopsh_option --json 'print results as JSON, one object a line' --json
        __jcopsh_option --no-color 'no colours' --no-color
        __jcopsh_option --version 'show program'"'"'s version number and exit' --version
        __jcopsh_end
        return
    fi
    if [[ $given == *' argument '* || $given == *' -c '* ]]; then
        compopt +o default; return
    fi
}
complete -o default -F _jcopsh jcopsh

_jcopsh_sim() {
    local cur option value given=' ' word i
    local -a words meanings=()
    COMPREPLY=()
    __jcopsh_read_words
    case $option in
        --vpcd) compopt +o default; __jcopsh_choices 127.0.0.1:35963 'where vpcd listens'; return ;;
        --state) return ;;
        --log) return ;;
    esac
    set -- "${words[@]}"
    while (($#)); do
        case $1 in
            --vpcd | --state | --log) given+="$1 "; shift ;;
            -?*) given+="${1%%=*} " ;;
            *) given+='argument ' ;;
        esac
        (($#)) && shift
    done
    if [[ $cur == -* ]]; then
        __jcopsh_option -h 'show this help message and exit' -h --help; __jcopsh_option --help 'show this help message and exit' -h --help
        __jcopsh_option --vpcd 'where vpcd listens: 127.0.0.1:35963' --vpcd --list
        __jcopsh_option --list 'list the profiles and what they assume, and leave' --list --vpcd
        __jcopsh_option --state 'keep the card in FILE, and its log in FILE.log' --state
        __jcopsh_option --log 'log every byte string received to FILE: keys too' --log
        __jcopsh_end
        return
    fi
    if [[ $given == *' argument '* ]]; then
        compopt +o default; return
    fi
    compopt +o default; __jcopsh_choices j2a040-unfused 'J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor'"'"'s script' j2a040-unfused,boot=keep 'j2a040-unfused with boot=keep' j2a081-unfused 'J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000' j2a081-unfused,boot=keep 'j2a081-unfused with boot=keep' j2a040 'J2A040 (JCOP 2.4.1), personalised: SCP02, keys 40 to 4F of version FF' j2a040,scp02=05 'j2a040 with scp02=05' j2a040,scp02=15 'j2a040 with scp02=15' j2a040,scp02=35 'j2a040 with scp02=35' j2a040,scp02=45 'j2a040 with scp02=45' j2a040,scp02=55 'j2a040 with scp02=55' j2a040,scp02=75 'j2a040 with scp02=75' j2a040,scp02=07 'j2a040 with scp02=07' j2a040,scp02=17 'j2a040 with scp02=17' j2a040,scp02=57 'j2a040 with scp02=57' j2a040,scp02=77 'j2a040 with scp02=77' j2e145 'J2E145 (JCOP 2.4.2R3), personalised: SCP02, keys 40 to 4F of version FF' j2e145,scp02=05 'j2e145 with scp02=05' j2e145,scp02=15 'j2e145 with scp02=15' j2e145,scp02=35 'j2e145 with scp02=35' j2e145,scp02=45 'j2e145 with scp02=45' j2e145,scp02=55 'j2e145 with scp02=55' j2e145,scp02=75 'j2e145 with scp02=75' j2e145,scp02=07 'j2e145 with scp02=07' j2e145,scp02=17 'j2e145 with scp02=17' j2e145,scp02=57 'j2e145 with scp02=57' j2e145,scp02=77 'j2e145 with scp02=77' j3r180 'J3R180 (JCOP 4.5), personalised: SCP03 with keys of version FF, SCP02 with those of version 20' j3r180,scp02=05 'j3r180 with scp02=05' j3r180,scp02=15 'j3r180 with scp02=15' j3r180,scp02=35 'j3r180 with scp02=35' j3r180,scp02=45 'j3r180 with scp02=45' j3r180,scp02=55 'j3r180 with scp02=55' j3r180,scp02=75 'j3r180 with scp02=75' j3r180,scp02=07 'j3r180 with scp02=07' j3r180,scp02=17 'j3r180 with scp02=17' j3r180,scp02=57 'j3r180 with scp02=57' j3r180,scp02=77 'j3r180 with scp02=77' j3r180,scp03=00 'j3r180 with scp03=00' j3r180,scp03=10 'j3r180 with scp03=10' j3r180,scp03=20 'j3r180 with scp03=20' j3r180,scp03=60 'j3r180 with scp03=60' j3r180,scp03=70 'j3r180 with scp03=70' j3r180,scp03=01 'j3r180 with scp03=01' j3r180,scp03=61 'j3r180 with scp03=61' j3r180,scp03=71 'j3r180 with scp03=71' iso7816-files 'an ordinary card with files, records, data objects and a PIN: the inventory of a workshop' iso7816-files,protocol=t0 'iso7816-files with protocol=t0'
}
complete -o default -F _jcopsh_sim jcopsh-sim
