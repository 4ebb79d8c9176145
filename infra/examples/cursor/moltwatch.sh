#!/bin/sh
# Hands what Cursor tells a hook to moltwatch, with the time. Whatever becomes of that, the agent goes on.
url=${MOLTWATCH_URL:-http://127.0.0.1:4318}
jq -c '. + {at: now}' |
  curl -sS -m 5 -o /dev/null -H "Authorization: Bearer $(cat ~/.cursor/moltwatch-token)" \
    -H 'Content-Type: application/json' --data-binary @- "$url/v1/mapped/cursor-hooks"
echo '{"continue": true}'
