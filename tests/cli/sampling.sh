#!/usr/bin/env bash
# Options of ask that decide how an answer is drawn and where it ends.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 500 >"$work/a.txt"
ask=(ask -m "$model" --max-tokens 12 --threads 1 --file "$work/a.txt" --json)
answer='j["answers"][0]'

succeeds "${ask[@]}" --logprobs 2 "Who?"
[[ $(json "len($answer['tokens']) == $answer['n_tokens']") == True ]] || fail "not a log-probability for each token"
[[ $(json "all(len(t['likeliest']) == 2 and t['likeliest'][0]['id'] == t['id'] for t in $answer['tokens'])") == True ]] ||
    fail "--logprobs: the likeliest token is not the one of greedy decoding"
[[ $(json "all(t['logprob'] <= 0 for t in $answer['tokens'])") == True ]] || fail "--logprobs: not logarithms"
whole=$(json "$answer['answer'].encode()")
first=$(json "$answer['tokens'][0]['id']")
second=$(json "$answer['tokens'][0]['likeliest'][1]['id']")

succeeds "${ask[@]}" "Who?"
[[ $(json "'tokens' in $answer") == False ]] || fail "log-probabilities without --logprobs"
[[ $(json "$answer['answer'].encode()") == "$whole" ]] || fail "--logprobs changes the answer"
stop=$(json "next(c for c in $answer['answer'] if c.isascii() and c.isalnum())")
before=$(json "$answer['answer'].split('$stop')[0].encode()")
succeeds "${ask[@]}" --stop never --stop "$stop" "Who?"
[[ $(json "$answer['answer'].encode()") == "$before" ]] || fail "--stop '$stop' ends the answer elsewhere"
[[ $(json "$answer['stop_reason'], j['stop']") == "('stop_string', ['never', '$stop'])" ]] || fail "--stop: reason"

succeeds "${ask[@]}" --logprobs 0 --logit-bias "$second=500" "Who?"
[[ $(json "all(t['id'] == $second for t in $answer['tokens'])") == True ]] || fail "--logit-bias 500 is not heeded"
succeeds "${ask[@]}" --logprobs 0 --logit-bias "$first=-1000" --logit-bias "$second=0.5" "Who?"
[[ $(json "any(t['id'] == $first for t in $answer['tokens'])") == False ]] || fail "--logit-bias -1000 is not heeded"
[[ $(json 'len(j["logit_bias"])') == 2 ]] || fail "--logit-bias is not repeatable"
for penalty in presence frequency; do
    succeeds "${ask[@]}" --logprobs 0 "--$penalty-penalty" 100 "Who?"
    [[ $(json "len({t['id'] for t in $answer['tokens']}) == $answer['n_tokens']") == True ]] ||
        fail "--$penalty-penalty 100: a token comes twice"
    succeeds "${ask[@]}" --logprobs 0 "--$penalty-penalty" -100 "Who?"
    [[ $(json "len({t['id'] for t in $answer['tokens']})") == 1 ]] || fail "--$penalty-penalty -100: two tokens"
done

refuses 2 '--presence-penalty wants a number from -100 to 100' "${ask[@]}" --presence-penalty 101 "Who?"
refuses 2 '--frequency-penalty wants a number' "${ask[@]}" --frequency-penalty nan "Who?"
for bias in 5 x=1 -1=2 5= 5=x 5=1001; do
    refuses 2 '--logit-bias wants' "${ask[@]}" --logit-bias "$bias" "Who?"
done
refuses 2 'there is no token 99999 to bias' "${ask[@]}" --logit-bias 99999=1 "Who?"
refuses 2 'a stop string is empty' "${ask[@]}" --stop '' "Who?"
refuses 2 'n_logprobs must lie between 0 and 20' "${ask[@]}" --logprobs 21 "Who?"
refuses 2 '--logprobs prints into the JSON object of --json' ask -m "$model" --file "$work/a.txt" --logprobs 1 "Who?"

# Grammars and JSON schemas, read from files.
echo 'root ::= [0-9]{2,5}' >"$work/digits.gbnf"
succeeds "${ask[@]}" --grammar "$work/digits.gbnf" "Who?"
[[ $(json "$answer['answer'].isdigit() and 2 <= len($answer['answer']) <= 5") == True ]] || fail "--grammar: not digits"
echo '{"type": "object", "required": ["old"], "properties": {"old": {"enum": [true, "yes"]}},
    "additionalProperties": false}' >"$work/schema.json"
succeeds "${ask[@]/12/100}" --json-schema "$work/schema.json" "Who?"
[[ $(json "json.loads($answer['answer'])['old'] in (True, 'yes')") == True ]] || fail "--json-schema: not satisfied"
echo 'root ::= root' >"$work/bad"
refuses 2 'the grammar has a rule that can begin with itself: root' "${ask[@]}" --grammar "$work/bad" "Who?"
refuses 2 'the JSON schema is no JSON' "${ask[@]}" --json-schema "$work/bad" "Who?"
refuses 2 'excludes' "${ask[@]}" --grammar "$work/bad" --json-schema "$work/schema.json" "Who?"
refuses 3 'cannot read' "${ask[@]}" --grammar "$work/nowhere" "Who?"
# Before a text without end is read.
for option in "--grammar $work/bad" "--json-schema $work/bad" "--logit-bias 99999=1" "--logprobs 21"; do
    run "${ask[@]}" --file - $option "Who?" < <(yes 'the pot is full')
    refused 2 'the grammar|the JSON schema|there is no token|n_logprobs' "$option"
done
run inspect -m "$model" --file - --logit-bias 99999=1 < <(yes 'the pot is full')
refused 2 'there is no token 99999' "inspect"
