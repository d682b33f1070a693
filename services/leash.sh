# Runs a service that cannot outlive the process that started it.
#
#   sh leash.sh GRACE COMMAND [ARGUMENT…]
#
# Standard input is a pipe of which only the supervisor holds the other end. When it ends, however
# the supervisor died, the service gets TERM and, GRACE seconds later, KILL. The service's process id
# is written to descriptor 3. The exit code is the service's own.

grace=$1
shift

exec 4<&0
"$@" </dev/null 3>&- 4<&- &
service=$!
echo "$service" >&3
exec 3>&-

(
  while read -r _; do :; done <&4
  kill -TERM "$service" 2>/dev/null
  sleep "$grace"
  kill -KILL "$service" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
watcher=$!
exec 4<&-

trap 'kill -TERM "$service" 2>/dev/null' TERM INT HUP
while :; do
  wait "$service"
  code=$?
  # A trapped signal ends `wait` early; the service may still be at work.
  kill -0 "$service" 2>/dev/null || break
done

kill "$watcher" 2>/dev/null
exit "$code"
