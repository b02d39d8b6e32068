#!/usr/bin/env bash
# Chats through pipes and on a terminal.
source "$(dirname "$0")/support/expect.bash"
needs_model
cd "$work"
export XDG_STATE_HOME=$work/state
words 2000 >a.txt
chat=(chat -m "$model" -t 1 -n 8)
capacity="-c 256"  # which a pot that there is has already

# says WORDS ARGUMENT...: a chat with these lines on standard input.
says() {
    local lines=$1
    shift
    status=0
    printf "$lines" | "$infinipot" "${chat[@]}" $capacity "$@" >"$work/out" 2>"$work/err" || status=$?
    [[ $status == 0 ]] || fail "chat $*: exit status $status"
}

# With the same seed the same chat.
says 'who reads?\nand what?\n' --quiet
[[ -s out && ! -s err ]] || fail "no answers, or more than answers"
cp out first
says 'who reads?\nand what?\n' --quiet
cmp -s first out || fail "the same chat has other answers"

# A line that goes on, a slash that is no command, blank lines, no line feed at the end.
says 'who \\\n reads?\n\n//etc\n/stats' --quiet
grep -q '^undo  *2 answers' out || fail "not two messages"

# A chat is saved, and goes on in another process as if it had not been left.
says 'who reads?\n/save a.pot\nand what?\n' --quiet
capacity= says '/save b.pot\nand what?\n/stats\n' --pot a.pot --quiet
cmp -s <(head -n -7 out) <(tail -c "$(head -n -7 out | wc -c)" first) ||
    fail "a chat that was saved goes on otherwise"
says 'who reads?\n' --pot c.pot --save --quiet
succeeds pot verify a.pot b.pot c.pot

# Undo and retry.
says 'who reads?\n/undo\nwho reads?\nand what?\n' --quiet
cmp -s <(tail -c "$(wc -c <first)" out) first || fail "a message that was taken back leaves a trace"
says 'who reads?\n/retry\n/stats\n'
grep -q '^undo  *1 answers' out || fail "/retry did not take the first answer back"

# Texts, the system prompt, what is kept, help.
says '/read a.txt\nwho reads?\n/stats\n/kept\n/help\n' --system 'be brief'
grep -q '^text  *a.txt' out || fail "/read did not read"
grep -q 'distillations  *[1-9]' out || fail "nothing was distilled"
grep -q 'be brief' out || fail "/kept does not show the system prompt"
grep -q '^/kept ' out || fail "/help does not list the commands"
grep -q 'a.txt was read' err || fail "/read says nothing"
says '/system be kind\n/system\nwho reads?\n/kept\n'
grep -q 'be kind' out || fail "/system does not set the system prompt"
grep -q 'be kind' err || fail "/system does not show the system prompt"

# What goes wrong with a line ends a chat through a pipe.
for line in '/nothing' '/read' '/read nowhere.txt' '/save' '/undo' '/retry' '/stats now' '\xff'; do
    status=0
    printf "$line\n" | "$infinipot" "${chat[@]}" --quiet >out 2>err || status=$?
    refused '[23456]' '' "$line"
done
printf '/undoo\n' | "$infinipot" "${chat[@]}" >out 2>err && fail "/undoo"
grep -q 'did you mean /undo?' err || fail "no hint at /undo"
refuses 2 'wants a pot to save to' "${chat[@]}" --save
refuses 3 'cannot be opened|no such file|cannot read' "${chat[@]}" --file nowhere.txt
printf ' \n' >blank.txt
refuses 6 'nothing to read in blank.txt' "${chat[@]}" --file blank.txt
capacity= says '' --pot b.pot --file a.txt --save
capacity= says '' --pot b.pot --file a.txt
grep -q 'was read before and has not grown' err || fail "a text that was read before is read again"
for option in '-c 128' '--system brief' '--policy h2o'; do
    refuses 2 'is stored with a.pot' "${chat[@]}" --pot a.pot $option
done
echo 'not a pot' >bad.pot
refuses 9 'no snapshot|not a snapshot|pot' "${chat[@]}" --pot bad.pot
refuses '2|7' 'too small|protect' "${chat[@]}" -c 64 --system "$(words 300)"

# On a terminal: Ctrl-C ends an answer and not the chat, and clears a line; pasted lines are one message.
python3 - "$infinipot" "${chat[@]/#8/4000000}" --logit-bias 2=-1000 <<'END' || fail "on a terminal: see above"
import os, pty, re, select, sys, time

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], sys.argv[1:])
seen = ""

def wait_for(pattern, seconds=60):
    global seen
    end = time.time() + seconds
    while time.time() < end:
        found = re.search(pattern, seen)
        if found:
            seen = seen[found.end():]
            return
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
    sys.exit(f"no {pattern!r} in {seen[-400:]!r}")

def type_in(text):
    os.write(terminal, text.encode())

wait_for("Ctrl-D ends")
wait_for("> ")
type_in("tell me all\r")
time.sleep(1)
type_in("\x03")
wait_for("the answer was stopped|the message was taken back")
wait_for("> ")
type_in("half a line")
time.sleep(0.3)
type_in("\x03")
wait_for("ends the chat")
wait_for("> ")
type_in("/system\r")
wait_for("no system prompt")
type_in("\x1b[200~/stats\nthese\nlines\x1b[201~\r")
wait_for("takes nothing")
type_in("/quit\r")
wait_for("not saved", 30)
os.waitpid(pid, 0)
END
grep -q 'tell me all' "$XDG_STATE_HOME/infinipot/chat_history" || fail "the lines are not remembered"
[[ $(stat -c %a "$XDG_STATE_HOME/infinipot/chat_history") == 600 ]] || fail "others may read the lines"

# SIGTERM ends a chat, which --save saves.
mkfifo lines
"$infinipot" "${chat[@]}" --quiet --pot term.pot --save <lines >out 2>err &
exec 9>lines
echo 'who reads?' >&9
while [[ ! -s out ]] && kill -0 $!; do sleep 0.1; done
kill -TERM $!
wait $! && fail "SIGTERM does not end a chat with another status"
exec 9>&-
succeeds pot verify term.pot
