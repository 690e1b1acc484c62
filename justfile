# The product's commands. What they do stands below dev/, in Python's standard library.

set positional-arguments
set no-exit-message

export BATTLESBIT_CALLED_FROM := invocation_directory()
export PYTHONDONTWRITEBYTECODE := "1"

[private]
default:
    @'{{ just_executable() }}' --justfile '{{ justfile() }}' --list --unsorted --list-heading ''

# Play a battle with bots and show it (--once --frames FILE --speed N --players N --seconds N --seed N --chain --json)
demo *options:
    @python3 dev demo "$@"

# Build and start the servers and services, and say where everything is (--live: the real exchange)
up *options:
    @python3 dev up "$@"

# Stop everything that `up` started (--purge: and delete its data)
down *options:
    @python3 dev down "$@"

# Build, then start one service or server anew, or all of them
restart *service:
    @python3 dev restart "$@"

# Show versions, ports, readiness and dead letters
status:
    @python3 dev status

# Show the last log lines of one service or server, or of all (--follow: and those to come)
logs *service:
    @python3 dev logs "$@"

# Show the mail that the local sink caught
mail:
    @python3 dev mail

# Show what is installed, what is missing and how to get it, ports and disk
doctor:
    @python3 dev doctor

# Run the whole test suite on private servers (options go to cargo test)
test *options:
    @python3 dev test "$@"

# Run the tests that need no servers
unit *options:
    @python3 dev unit "$@"

# Check format, tidiness, the GraphQL schema, clippy and docs
lint:
    @python3 dev lint

# Run every check that a change must pass (--bare: as on a fresh machine)
ci *options:
    @python3 dev ci "$@"

# Play the engine against a naive one for 10^8 position-ticks (--position-ticks N --seed N --frames FILE), or the ledger (ledger --operations N --seed N)
soak *options:
    @python3 dev soak "$@"

# Measure: all benchmarks or one, a JSON object per figure
bench *name:
    @python3 dev bench "$@"

# Write the generated files
generate:
    @python3 dev generate

# Create or update the database, its roles and the streams
migrate:
    @python3 dev migrate

# Replay a battle's record and compare: of an id, a file or an address (--sha256 HASH --json)
verify *options:
    @python3 dev verify "$@"
