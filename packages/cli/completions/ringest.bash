# bash completion of ringest: source this file, or put it into a folder of bash-completion.
_ringest() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path=ringest i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${COMP_WORDS[i]}" in
    'ringest ship' | 'ringest relay' | 'ringest status' | 'ringest check' | 'ringest indexer' | 'ringest cat' | 'ringest cache' | 'ringest cache dump' | 'ringest cache verify' | 'ringest cache requeue' | 'ringest load' | 'ringest tune' | 'ringest completion' | 'ringest manual' | 'ringest help')
      path="$path ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
  'ringest ship --tag' | 'ringest ship --source' | 'ringest ship --delimiter' | 'ringest ship --begin-delimiter' | 'ringest ship --record-start' | 'ringest ship --max-line-bytes' | 'ringest ship --time-field' | 'ringest ship --tag-field' | 'ringest ship --source-field' | 'ringest ship --data-field' | 'ringest ship --time-format' | 'ringest ship --assume-time-zone' | 'ringest ship --keep' | 'ringest ship --drop' | 'ringest ship --extract' | 'ringest ship --route' | 'ringest ship --tag-rule' | 'ringest ship --quiet' | 'ringest ship --poll' | 'ringest ship --max-ahead' | 'ringest ship --listen-lines' | 'ringest ship --listen-syslog' | 'ringest ship --listen-http' | 'ringest ship --max-connections' | 'ringest ship --idle-timeout' | 'ringest ship --max-body' | 'ringest ship --max-waiting' | 'ringest ship --nats' | 'ringest ship --nats-consumer' | 'ringest ship --nats-tag' | 'ringest ship --nats-time' | 'ringest ship --nats-source-header' | 'ringest ship --nats-headers' | 'ringest ship --nats-max-deliveries' | 'ringest ship --nats-max-unconfirmed' | 'ringest ship --kafka' | 'ringest ship --kafka-topic' | 'ringest ship --kafka-group' | 'ringest ship --kafka-tag' | 'ringest ship --kafka-time' | 'ringest ship --kafka-source-header' | 'ringest ship --kafka-headers' | 'ringest ship --kafka-message-key' | 'ringest ship --kafka-max-unconfirmed' | 'ringest ship --kafka-session-timeout' | 'ringest ship --attach' | 'ringest ship --clear-conns' | 'ringest ship --tls-conns' | 'ringest ship --ingest-secret' | 'ringest ship --ingest-tenant' | 'ringest ship --to' | 'ringest ship --nats-subject' | 'ringest ship --nats-timeout' | 'ringest ship --kafka-max-message-bytes' | 'ringest ship --nats-stream' | 'ringest ship --nats-subjects' | 'ringest ship --nats-user' | 'ringest ship --kafka-user' | 'ringest ship --cache-sync' | 'ringest ship --cache-max-bytes' | 'ringest ship --timeout' | 'ringest ship --grace')
    COMPREPLY=()
    return ;;
  'ringest ship --format')
    mapfile -t COMPREPLY < <(compgen -W 'lines json messagepack whole' -- "$cur")
    return ;;
  'ringest ship --extract-json' | 'ringest ship --process' | 'ringest ship --state-file' | 'ringest ship --listen-cert' | 'ringest ship --listen-key' | 'ringest ship --token-file' | 'ringest ship --config' | 'ringest ship --pipe-conns' | 'ringest ship --tls-ca' | 'ringest ship --tls-cert' | 'ringest ship --tls-key' | 'ringest ship --ingest-secret-file' | 'ringest ship --nats-creds' | 'ringest ship --nats-password-file' | 'ringest ship --nats-ca' | 'ringest ship --nats-cert' | 'ringest ship --nats-key' | 'ringest ship --kafka-password-file' | 'ringest ship --kafka-ca' | 'ringest ship --kafka-cert' | 'ringest ship --kafka-key' | 'ringest ship --status-socket')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest ship --on-error')
    mapfile -t COMPREPLY < <(compgen -W 'pass drop' -- "$cur")
    return ;;
  'ringest ship --nats-poison')
    mapfile -t COMPREPLY < <(compgen -W 'terminate retry' -- "$cur")
    return ;;
  'ringest ship --kafka-poison')
    mapfile -t COMPREPLY < <(compgen -W 'skip stop' -- "$cur")
    return ;;
  'ringest ship --kafka-from')
    mapfile -t COMPREPLY < <(compgen -W 'beginning end' -- "$cur")
    return ;;
  'ringest ship --kafka-sasl')
    mapfile -t COMPREPLY < <(compgen -W 'plain scram-sha-256 scram-sha-512' -- "$cur")
    return ;;
  'ringest ship --cache-path')
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  'ringest ship --cache-mode')
    mapfile -t COMPREPLY < <(compgen -W 'fail always journal' -- "$cur")
    return ;;
  'ringest relay --config' | 'ringest relay --listen-secret-file' | 'ringest relay --listen-tls-cert' | 'ringest relay --listen-tls-key' | 'ringest relay --pipe-conns' | 'ringest relay --tls-ca' | 'ringest relay --tls-cert' | 'ringest relay --tls-key' | 'ringest relay --ingest-secret-file' | 'ringest relay --status-socket')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest relay --listen' | 'ringest relay --listen-secret' | 'ringest relay --allow-tag' | 'ringest relay --max-tags' | 'ringest relay --allow-tenant' | 'ringest relay --clear-conns' | 'ringest relay --tls-conns' | 'ringest relay --ingest-secret' | 'ringest relay --ingest-tenant' | 'ringest relay --cache-sync' | 'ringest relay --cache-max-bytes' | 'ringest relay --grace')
    COMPREPLY=()
    return ;;
  'ringest relay --cache-path')
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  'ringest relay --cache-mode')
    mapfile -t COMPREPLY < <(compgen -W 'fail always journal' -- "$cur")
    return ;;
  'ringest check --overlay')
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  'ringest indexer --ingest-secret' | 'ringest indexer --listen' | 'ringest indexer --tenant' | 'ringest indexer --max-unauthenticated' | 'ringest indexer --store-max-size' | 'ringest indexer --store-max-age' | 'ringest indexer --ack-delay' | 'ringest indexer --read-rate' | 'ringest indexer --throttle' | 'ringest indexer --not-ready-for' | 'ringest indexer --fail-after' | 'ringest indexer --refuse-tag' | 'ringest indexer --api-version')
    COMPREPLY=()
    return ;;
  'ringest indexer --ingest-secret-file' | 'ringest indexer --unix' | 'ringest indexer --tls-cert' | 'ringest indexer --tls-key' | 'ringest indexer --tls-ca')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest indexer --store')
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  'ringest cat --tag' | 'ringest cat --to' | 'ringest cat --match' | 'ringest cat --ingest-secret')
    COMPREPLY=()
    return ;;
  'ringest cat --from' | 'ringest cat --ingest-secret-file')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest cache requeue --tag')
    COMPREPLY=()
    return ;;
  'ringest load --clear-conns' | 'ringest load --tls-conns' | 'ringest load --ingest-secret' | 'ringest load --ingest-tenant' | 'ringest load --cache-sync' | 'ringest load --cache-max-bytes' | 'ringest load --kill-every' | 'ringest load --tag-name' | 'ringest load --entry-size' | 'ringest load --batch' | 'ringest load --source' | 'ringest load --start-time' | 'ringest load --time-span' | 'ringest load --disorder' | 'ringest load --seed' | 'ringest load --rate' | 'ringest load --burst' | 'ringest load --entry-count' | 'ringest load --duration' | 'ringest load --require' | 'ringest load --workers' | 'ringest load --connections' | 'ringest load --ring-bytes' | 'ringest load --timeout')
    COMPREPLY=()
    return ;;
  'ringest load --pipe-conns' | 'ringest load --tls-ca' | 'ringest load --tls-cert' | 'ringest load --tls-key' | 'ringest load --ingest-secret-file' | 'ringest load --ramp' | 'ringest load --report')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest load --transport')
    mapfile -t COMPREPLY < <(compgen -W 'tcp tls pipe' -- "$cur")
    return ;;
  'ringest load --cache-path')
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return ;;
  'ringest load --cache-mode')
    mapfile -t COMPREPLY < <(compgen -W 'fail always journal' -- "$cur")
    return ;;
  'ringest load --content')
    mapfile -t COMPREPLY < <(compgen -W 'random text lines syslog json csv evs mixed' -- "$cur")
    return ;;
  'ringest tune --goal')
    mapfile -t COMPREPLY < <(compgen -W 'throughput cost' -- "$cur")
    return ;;
  'ringest tune --rate' | 'ringest tune --budget' | 'ringest tune --round' | 'ringest tune --seed' | 'ringest tune --entry-size' | 'ringest tune --tag-name' | 'ringest tune --workers' | 'ringest tune --connections' | 'ringest tune --ring-bytes' | 'ringest tune --batch' | 'ringest tune --clear-conns' | 'ringest tune --tls-conns' | 'ringest tune --ingest-secret' | 'ringest tune --ingest-tenant' | 'ringest tune --indexers' | 'ringest tune --ack-delay' | 'ringest tune --read-rate' | 'ringest tune --timeout')
    COMPREPLY=()
    return ;;
  'ringest tune --content')
    mapfile -t COMPREPLY < <(compgen -W 'random text lines syslog json csv evs mixed' -- "$cur")
    return ;;
  'ringest tune --report' | 'ringest tune --path' | 'ringest tune --pipe-conns' | 'ringest tune --tls-ca' | 'ringest tune --tls-cert' | 'ringest tune --tls-key' | 'ringest tune --ingest-secret-file')
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return ;;
  'ringest tune --transport')
    mapfile -t COMPREPLY < <(compgen -W 'tcp tls pipe' -- "$cur")
    return ;;
  esac
  case "$path" in
  'ringest')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--version --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W 'ship relay status check indexer cat cache load tune completion manual help' -- "$cur") ;;
    esac ;;
  'ringest ship')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--tag --source --format --delimiter --begin-delimiter --record-start --max-line-bytes --time-field --tag-field --source-field --data-field --ignore-timestamps --time-format --assume-time-zone --timestamp-left-most --gunzip --keep --drop --extract-json --extract --route --tag-rule --process --on-error --follow --state-file --from-end --quiet --poll --max-ahead --listen-lines --listen-syslog --listen-http --listen-cert --listen-key --token-file --max-connections --idle-timeout --max-body --max-waiting --nats --nats-consumer --nats-tag --nats-time --nats-source-header --nats-headers --nats-restore --nats-poison --nats-max-deliveries --nats-max-unconfirmed --nats-until-empty --kafka --kafka-topic --kafka-group --kafka-tag --kafka-time --kafka-source-header --kafka-headers --kafka-message-key --kafka-metadata --kafka-restore --kafka-poison --kafka-from --kafka-max-unconfirmed --kafka-session-timeout --kafka-until-empty --config --attach --clear-conns --tls-conns --pipe-conns --tls-ca --tls-cert --tls-key --insecure-no-tls-validate --ingest-secret --ingest-secret-file --ingest-tenant --compression --to --nats-subject --nats-timeout --kafka-max-message-bytes --nats-stream --nats-create --nats-subjects --nats-creds --nats-user --nats-password-file --nats-ca --nats-cert --nats-key --kafka-user --kafka-password-file --kafka-sasl --kafka-tls --kafka-ca --kafka-cert --kafka-key --cache-path --cache-mode --cache-sync --cache-max-bytes --timeout --grace --json --status-socket --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac ;;
  'ringest relay')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--config --listen --listen-secret --listen-secret-file --listen-tls-cert --listen-tls-key --allow-tag --max-tags --allow-tenant --clear-conns --tls-conns --pipe-conns --tls-ca --tls-cert --tls-key --insecure-no-tls-validate --ingest-secret --ingest-secret-file --ingest-tenant --compression --cache-path --cache-mode --cache-sync --cache-max-bytes --grace --status-socket --help' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  'ringest status')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--json --watch --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac ;;
  'ringest check')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--overlay --all --json --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac ;;
  'ringest indexer')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--ingest-secret --ingest-secret-file --listen --unix --tls-cert --tls-key --tls-ca --tenant --max-unauthenticated --digest --json --store --store-sync --store-max-size --store-max-age --ack-delay --read-rate --throttle --not-ready-for --fail-after --refuse-tag --api-version --help' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  'ringest cat')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--tag --from --to --match --ignore-case --follow --json --long --count --ingest-secret --ingest-secret-file --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac ;;
  'ringest cache')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W 'dump verify requeue' -- "$cur") ;;
    esac ;;
  'ringest cache dump')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--entries --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    esac ;;
  'ringest cache verify')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    esac ;;
  'ringest cache requeue')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--damaged --tag --help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    esac ;;
  'ringest load')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--clear-conns --tls-conns --pipe-conns --tls-ca --tls-cert --tls-key --insecure-no-tls-validate --ingest-secret --ingest-secret-file --ingest-tenant --compression --transport --cache-path --cache-mode --cache-sync --cache-max-bytes --kill-every --tag-name --entry-size --content --batch --lines --source --random-source --start-time --time-span --disorder --seed --rate --ramp --burst --entry-count --duration --require --chaos --workers --connections --ring-bytes --timeout --digest --status --json --report --help' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  'ringest tune')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--goal --rate --budget --round --seed --entry-size --content --tag-name --json --report --workers --connections --ring-bytes --path --batch --clear-conns --tls-conns --pipe-conns --tls-ca --tls-cert --tls-key --insecure-no-tls-validate --ingest-secret --ingest-secret-file --ingest-tenant --compression --transport --indexers --ack-delay --read-rate --timeout --help' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  'ringest completion')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$cur") ;;
    esac ;;
  'ringest manual')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  'ringest help')
    case "$cur" in
    -*) mapfile -t COMPREPLY < <(compgen -W '' -- "$cur") ;;
    *) COMPREPLY=() ;;
    esac ;;
  esac
}
complete -o filenames -F _ringest ringest
