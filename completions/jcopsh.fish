# Completion of jcopsh in fish. Made by `jcopsh completion fish`; do not change it by hand.

# NAME...: whether one of these options stands on the command line
function __jcopsh_given
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for token in $tokens
        contains -- (string split -m 1 = -- $token)[1] $argv
        and return 0
    end
    return 1
end

# NAME...: whether one of these options stands there with its value; not while its value is to come
function __jcopsh_used
    not __jcopsh_awaits_value $argv
    and __jcopsh_given $argv
end

# OPTION...: what stands on the command line that is no option, nor the value of one of these
function __jcopsh_arguments
    set -l value no
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for token in $tokens
        if test $value = yes
            set value no
        else if contains -- $token $argv
            set value yes
        else if not string match -q -- '-?*' $token
            echo -- $token
        end
    end
end

# OPTION...: whether an argument without a name can stand at the cursor: no option, nor the value of one of these
function __jcopsh_at_argument
    not string match -q -- '-*' (commandline -ct)
    and not __jcopsh_awaits_value $argv
end

# OPTION...: whether the value of one of these is to come
function __jcopsh_awaits_value
    set -l tokens (commandline -opc)
    contains -- $tokens[-1] $argv
end

# NAME\tMEANING...: these, when a comma is typed
function __jcopsh_behind_a_comma
    string match -q -- '*,*' (commandline -ct)
    and printf '%s\n' $argv
end

# NAME\tMEANING...: the commands that the line at the cursor goes on with, behind what is typed before them
function __jcopsh_commands
    set -l typed (commandline -ct | string replace -r -- '^[\'"]' '' | string collect)
    set -l before (string match -r -- '^(?:.*;)? *' "$typed")
    for command in $argv
        printf '%s%s\n' "$before" $command
    end
end

complete -c jcopsh -f
complete -c jcopsh -n 'not __jcopsh_given -h --help' -s h -l help -d 'show this help message and exit'
complete -c jcopsh -n 'not __jcopsh_given --sim --profile --sim-state --replay; and not __jcopsh_used --reader' -l reader -x -d 'the reader, by index, name or part of its name'
complete -c jcopsh -n 'not __jcopsh_given --sim --profile --sim-state --replay; and not __jcopsh_given --shared' -l shared -d 'let other programs use the card at the same time'
complete -c jcopsh -n 'not __jcopsh_given --sim --profile --sim-state --replay; and not __jcopsh_used --protocol' -l protocol -x -a '\'T=0\' \'T=1\'' -d 'the protocol to ask the reader for'
complete -c jcopsh -n 'not __jcopsh_given --reader --shared --protocol --replay; and not __jcopsh_given --sim' -l sim -d 'a simulated card, which nobody can ruin'
complete -c jcopsh -n 'not __jcopsh_given --reader --shared --protocol --replay; and not __jcopsh_used --profile' -l profile -x -a '\'j2a040-unfused\'\\t\'J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor\\\'s script\' \'j2a081-unfused\'\\t\'J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000\' \'j2a040\'\\t\'J2A040 (JCOP 2.4.1), personalised: SCP02, keys 40 to 4F of version FF\' \'j2e145\'\\t\'J2E145 (JCOP 2.4.2R3), personalised: SCP02, keys 40 to 4F of version FF\' \'j3r180\'\\t\'J3R180 (JCOP 4.5), personalised: SCP03 with keys of version FF, SCP02 with those of version 20\' \'iso7816-files\'\\t\'an ordinary card with files, records, data objects and a PIN: the inventory of a workshop\' (__jcopsh_behind_a_comma \'j2a040-unfused,boot=keep\'\\t\'j2a040-unfused with boot=keep\' \'j2a081-unfused,boot=keep\'\\t\'j2a081-unfused with boot=keep\' \'j2a040,scp02=05\'\\t\'j2a040 with scp02=05\' \'j2a040,scp02=15\'\\t\'j2a040 with scp02=15\' \'j2a040,scp02=35\'\\t\'j2a040 with scp02=35\' \'j2a040,scp02=45\'\\t\'j2a040 with scp02=45\' \'j2a040,scp02=55\'\\t\'j2a040 with scp02=55\' \'j2a040,scp02=75\'\\t\'j2a040 with scp02=75\' \'j2a040,scp02=07\'\\t\'j2a040 with scp02=07\' \'j2a040,scp02=17\'\\t\'j2a040 with scp02=17\' \'j2a040,scp02=57\'\\t\'j2a040 with scp02=57\' \'j2a040,scp02=77\'\\t\'j2a040 with scp02=77\' \'j2e145,scp02=05\'\\t\'j2e145 with scp02=05\' \'j2e145,scp02=15\'\\t\'j2e145 with scp02=15\' \'j2e145,scp02=35\'\\t\'j2e145 with scp02=35\' \'j2e145,scp02=45\'\\t\'j2e145 with scp02=45\' \'j2e145,scp02=55\'\\t\'j2e145 with scp02=55\' \'j2e145,scp02=75\'\\t\'j2e145 with scp02=75\' \'j2e145,scp02=07\'\\t\'j2e145 with scp02=07\' \'j2e145,scp02=17\'\\t\'j2e145 with scp02=17\' \'j2e145,scp02=57\'\\t\'j2e145 with scp02=57\' \'j2e145,scp02=77\'\\t\'j2e145 with scp02=77\' \'j3r180,scp02=05\'\\t\'j3r180 with scp02=05\' \'j3r180,scp02=15\'\\t\'j3r180 with scp02=15\' \'j3r180,scp02=35\'\\t\'j3r180 with scp02=35\' \'j3r180,scp02=45\'\\t\'j3r180 with scp02=45\' \'j3r180,scp02=55\'\\t\'j3r180 with scp02=55\' \'j3r180,scp02=75\'\\t\'j3r180 with scp02=75\' \'j3r180,scp02=07\'\\t\'j3r180 with scp02=07\' \'j3r180,scp02=17\'\\t\'j3r180 with scp02=17\' \'j3r180,scp02=57\'\\t\'j3r180 with scp02=57\' \'j3r180,scp02=77\'\\t\'j3r180 with scp02=77\' \'j3r180,scp03=00\'\\t\'j3r180 with scp03=00\' \'j3r180,scp03=10\'\\t\'j3r180 with scp03=10\' \'j3r180,scp03=20\'\\t\'j3r180 with scp03=20\' \'j3r180,scp03=60\'\\t\'j3r180 with scp03=60\' \'j3r180,scp03=70\'\\t\'j3r180 with scp03=70\' \'j3r180,scp03=01\'\\t\'j3r180 with scp03=01\' \'j3r180,scp03=61\'\\t\'j3r180 with scp03=61\' \'j3r180,scp03=71\'\\t\'j3r180 with scp03=71\' \'iso7816-files,protocol=t0\'\\t\'iso7816-files with protocol=t0\')' -d 'which simulated card (implies --sim; default j2a040-unfused)'
complete -c jcopsh -n 'not __jcopsh_given --reader --shared --protocol --replay; and not __jcopsh_used --sim-state' -l sim-state -r -F -d 'keep the simulated card in FILE (implies --sim)'
complete -c jcopsh -n 'not __jcopsh_given --reader --shared --protocol --sim --profile --sim-state; and not __jcopsh_used --replay' -l replay -r -F -d 'a recorded session in place of a card'
complete -c jcopsh -n 'test (count (__jcopsh_arguments --reader --protocol --profile --sim-state --replay -c)) -eq 0' -s c -x -a '(__jcopsh_commands \'connect\'\\t\'Connect to the card in a reader\' \'disconnect\'\\t\'Leave the card\' \'reset\'\\t\'Reset the card\' \'atr\'\\t\'Show the answer to the last reset, byte by byte\' \'identify\'\\t\'Ask the card who it is\' \'status\'\\t\'Show what is known of the card, without asking it anything, and where jcopsh keeps its files\' \'select\'\\t\'Select an application\' \'boot\'\\t\'BOOT the card, so that its memory can be read and written\' \'protect\'\\t\'PROTECT the configuration against being written\' \'fuse\'\\t\'FUSE the card, for ever\' \'auth\'\\t\'Authenticate to the selected security domain and open a secure channel\' \'keys\'\\t\'Keep key sets by name, and find which one a card has\' \'put-keys\'\\t\'Put a new key set on the card, prove it by an authentication, and say which old one can go\' \'put-key\'\\t\'PUT KEY alone\' \'delete-key\'\\t\'Delete all keys of a version from the card\' \'read\'\\t\'Read LENGTH bytes at ADDRESS\' \'write\'\\t\'Write DATA at ADDRESS, a number or a field\' \'dump\'\\t\'Read the memory from FIRST to LAST, both included\' \'info\'\\t\'Show what the selected security domain tells of the card, without a secure channel\' \'list\'\\t\'List what is on the card as a tree\' \'cplc\'\\t\'Show the card production life cycle data (GET DATA 9F7F)\' \'cap\'\\t\'Show what is in a CAP file\' \'install\'\\t\'Load a CAP file and make an instance of its applet, so that it can be selected\' \'upload\'\\t\'Load a CAP file and make no instance of it\' \'install-applet\'\\t\'Make an instance of a module that is on the card already\' \'make-selectable\'\\t\'Make an application selectable that is only installed\' \'make-default\'\\t\'Let an application be selected by default, after every reset\' \'set-privileges\'\\t\'Change the privileges of an application or security domain\' \'delete\'\\t\'Delete an application, a security domain or a package\' \'set-status\'\\t\'Change the life cycle state of an application, of a security domain, or with card of the card\' \'store-data\'\\t\'Give DATA to the selected security domain\' \'personalize\'\\t\'Give DATA to an application through its security domain\' \'create-domain\'\\t\'Make a security domain\' \'extradite\'\\t\'Give an application or a package to another security domain\' \'select-file\'\\t\'Select a file of the card, and show what the card says of it\' \'pwd\'\\t\'Show where the session stands in the card\\\'s files, as far as the commands sent have told\' \'files\'\\t\'Look which files there are, by asking for one identifier after the other\' \'cat\'\\t\'Read a whole file, whatever it is\' \'read-binary\'\\t\'Read bytes of a transparent file\' \'read-record\'\\t\'Read a record by its number, or all of them\' \'update-binary\'\\t\'Write DATA into a transparent file\' \'update-record\'\\t\'Write DATA as a record\' \'append-record\'\\t\'Add DATA as a new record at the end of a file\' \'create-file\'\\t\'Make a file in the current DF\' \'delete-file\'\\t\'Delete a file of the current DF\' \'get-data\'\\t\'Read a data object\' \'put-data\'\\t\'Give a data object another value\' \'data-objects\'\\t\'Look which data objects there are, by asking for one tag after the other\' \'tlv\'\\t\'Show bytes as a tree of BER-TLV data objects\' \'verify\'\\t\'Verify a PIN\' \'change-pin\'\\t\'Change a PIN\' \'unblock-pin\'\\t\'Make a blocked PIN usable again\' \'get-challenge\'\\t\'Get random bytes from the card\' \'internal-authenticate\'\\t\'Let the card compute something from CHALLENGE with a key of its own\' \'manage-channel\'\\t\'Open, close and use logical channels\' \'get-response\'\\t\'Choose whether 61xx and 6Cxx are followed by themselves, or shown as the card gives them\' \'send\'\\t\'Send a command APDU, in any notation, and show the answer with its status word in words\' \'send_apdu\'\\t\'send, as GPShell\\\'s scripts write it\' \'card_connect\'\\t\'connect, as GPShell\\\'s scripts write it\' \'card_disconnect\'\\t\'disconnect, as GPShell\\\'s scripts write it\' \'enable_trace\'\\t\'trace full, as GPShell\\\'s scripts write it\' \'establish_context\'\\t\'Passed over\' \'readers\'\\t\'List the readers\' \'reader-send\'\\t\'Send a command of class FF to the reader itself, in the same notations as send, and show the answer\' \'trace\'\\t\'Show every exchange with the card as it happens\' \'set\'\\t\'List the settings, show one, or change one\' \'run\'\\t\'Run the lines of a file, one after the other, and stop at the first that fails\' \'exit\'\\t\'Leave the shell\' \'alias\'\\t\'Let a name of your own stand for a command and its first arguments\' \'unalias\'\\t\'Forget an alias\' \'history\'\\t\'Show the lines typed last, this time and before\' \'help\'\\t\'List commands and topics, or say more about one of them\' \'plugins\'\\t\'List the plugins\' \'applets\'\\t\'Try SELECT with every AID that jcopsh knows by name, and show which are there\')' -d 'run these lines'
complete -c jcopsh -n 'not __jcopsh_given --no-config' -l no-config -d 'without config.toml and the start-up file'
complete -c jcopsh -n 'not __jcopsh_given --json' -l json -d 'print results as JSON, one object a line'
complete -c jcopsh -n 'not __jcopsh_given --no-color' -l no-color -d 'no colours'
complete -c jcopsh -n 'not __jcopsh_given --version' -l version -d 'show program\'s version number and exit'
complete -c jcopsh -n 'not __jcopsh_given -c; and __jcopsh_at_argument --reader --protocol --profile --sim-state --replay -c; and test (count (__jcopsh_arguments --reader --protocol --profile --sim-state --replay -c)) -eq 0' -F -a '\'completion\''
complete -c jcopsh -n 'test (count (__jcopsh_arguments --reader --protocol --profile --sim-state --replay -c)) -eq 1; and contains -- completion (__jcopsh_arguments --reader --protocol --profile --sim-state --replay -c)' -a '\'bash\'\\t\'the script for bash\' \'zsh\'\\t\'the script for zsh\' \'fish\'\\t\'the script for fish\''

complete -c jcopsh-sim -f
complete -c jcopsh-sim -n 'not __jcopsh_given -h --help' -s h -l help -d 'show this help message and exit'
complete -c jcopsh-sim -n 'not __jcopsh_given --list; and not __jcopsh_used --vpcd' -l vpcd -x -a '\'127.0.0.1:35963\'\\t\'where vpcd listens\'' -d 'where vpcd listens: 127.0.0.1:35963'
complete -c jcopsh-sim -n 'not __jcopsh_given --vpcd; and not __jcopsh_given --list' -l list -d 'list the profiles and what they assume, and leave'
complete -c jcopsh-sim -n 'not __jcopsh_used --state' -l state -r -F -d 'keep the card in FILE, and its log in FILE.log'
complete -c jcopsh-sim -n 'not __jcopsh_used --log' -l log -r -F -d 'log every byte string received to FILE: keys too'
complete -c jcopsh-sim -n '__jcopsh_at_argument --vpcd --state --log; and test (count (__jcopsh_arguments --vpcd --state --log)) -eq 0' -a '\'j2a040-unfused\'\\t\'J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor\\\'s script\' \'j2a081-unfused\'\\t\'J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000\' \'j2a040\'\\t\'J2A040 (JCOP 2.4.1), personalised: SCP02, keys 40 to 4F of version FF\' \'j2e145\'\\t\'J2E145 (JCOP 2.4.2R3), personalised: SCP02, keys 40 to 4F of version FF\' \'j3r180\'\\t\'J3R180 (JCOP 4.5), personalised: SCP03 with keys of version FF, SCP02 with those of version 20\' \'iso7816-files\'\\t\'an ordinary card with files, records, data objects and a PIN: the inventory of a workshop\' (__jcopsh_behind_a_comma \'j2a040-unfused,boot=keep\'\\t\'j2a040-unfused with boot=keep\' \'j2a081-unfused,boot=keep\'\\t\'j2a081-unfused with boot=keep\' \'j2a040,scp02=05\'\\t\'j2a040 with scp02=05\' \'j2a040,scp02=15\'\\t\'j2a040 with scp02=15\' \'j2a040,scp02=35\'\\t\'j2a040 with scp02=35\' \'j2a040,scp02=45\'\\t\'j2a040 with scp02=45\' \'j2a040,scp02=55\'\\t\'j2a040 with scp02=55\' \'j2a040,scp02=75\'\\t\'j2a040 with scp02=75\' \'j2a040,scp02=07\'\\t\'j2a040 with scp02=07\' \'j2a040,scp02=17\'\\t\'j2a040 with scp02=17\' \'j2a040,scp02=57\'\\t\'j2a040 with scp02=57\' \'j2a040,scp02=77\'\\t\'j2a040 with scp02=77\' \'j2e145,scp02=05\'\\t\'j2e145 with scp02=05\' \'j2e145,scp02=15\'\\t\'j2e145 with scp02=15\' \'j2e145,scp02=35\'\\t\'j2e145 with scp02=35\' \'j2e145,scp02=45\'\\t\'j2e145 with scp02=45\' \'j2e145,scp02=55\'\\t\'j2e145 with scp02=55\' \'j2e145,scp02=75\'\\t\'j2e145 with scp02=75\' \'j2e145,scp02=07\'\\t\'j2e145 with scp02=07\' \'j2e145,scp02=17\'\\t\'j2e145 with scp02=17\' \'j2e145,scp02=57\'\\t\'j2e145 with scp02=57\' \'j2e145,scp02=77\'\\t\'j2e145 with scp02=77\' \'j3r180,scp02=05\'\\t\'j3r180 with scp02=05\' \'j3r180,scp02=15\'\\t\'j3r180 with scp02=15\' \'j3r180,scp02=35\'\\t\'j3r180 with scp02=35\' \'j3r180,scp02=45\'\\t\'j3r180 with scp02=45\' \'j3r180,scp02=55\'\\t\'j3r180 with scp02=55\' \'j3r180,scp02=75\'\\t\'j3r180 with scp02=75\' \'j3r180,scp02=07\'\\t\'j3r180 with scp02=07\' \'j3r180,scp02=17\'\\t\'j3r180 with scp02=17\' \'j3r180,scp02=57\'\\t\'j3r180 with scp02=57\' \'j3r180,scp02=77\'\\t\'j3r180 with scp02=77\' \'j3r180,scp03=00\'\\t\'j3r180 with scp03=00\' \'j3r180,scp03=10\'\\t\'j3r180 with scp03=10\' \'j3r180,scp03=20\'\\t\'j3r180 with scp03=20\' \'j3r180,scp03=60\'\\t\'j3r180 with scp03=60\' \'j3r180,scp03=70\'\\t\'j3r180 with scp03=70\' \'j3r180,scp03=01\'\\t\'j3r180 with scp03=01\' \'j3r180,scp03=61\'\\t\'j3r180 with scp03=61\' \'j3r180,scp03=71\'\\t\'j3r180 with scp03=71\' \'iso7816-files,protocol=t0\'\\t\'iso7816-files with protocol=t0\')'
