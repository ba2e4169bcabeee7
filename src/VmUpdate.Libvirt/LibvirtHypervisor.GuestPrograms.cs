using System.Text.Json;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Machines;

namespace VmUpdate.Libvirt;

/// <content>Programs and files in a guest, through QEMU's guest agent.</content>
public sealed partial class LibvirtHypervisor
{
    private const int FilePiece = 48 * 1024;

    private static readonly TimeSpan FirstLookAtProgram = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SlowestLookAtProgram = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether a running machine's agent answers now.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it did.</returns>
    public Task<bool> PingGuestAsync(VmKey vm, CancellationToken cancellation) => WithAsync(
        vm,
        domain => GuestAgent.Ask(domain, "guest-ping", null, _options.AgentTimeout).Outcome == GuestAgent.Outcome.Answered,
        cancellation);

    /// <summary>Runs a program in a guest. Nothing is a shell's: program and arguments reach the guest as they are.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="program">The program's path in the guest.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="timeout">How long it may run. It is not ended by the time-out: the agent has no word for that.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="GuestException">The agent does not answer, refuses, or the program did not end in time.</exception>
    public async Task<GuestCommandResult> RunInGuestAsync(
        VmKey vm, string program, IReadOnlyList<string> arguments, TimeSpan timeout, CancellationToken cancellation)
    {
        string start = $"{{\"path\":{Quote(program)},\"arg\":[{string.Join(",", arguments.Select(Quote))}],\"capture-output\":true}}";
        TimeSpan end = _options.Clock.Monotonic + timeout;
        (string name, long process) = await WithAsync(
            vm, domain => (domain.Name, ReadNumber(domain, "guest-exec", GuestAgent.Demand(domain, "guest-exec", start, _options.AgentTimeout), "pid")), cancellation)
            .ConfigureAwait(false);

        // The agent tells the end of a program only to who asks.
        for (TimeSpan pause = FirstLookAtProgram; ; pause = Shorter(SlowestLookAtProgram, pause + pause))
        {
            await _options.Clock.Delay(pause, cancellation).ConfigureAwait(false);
            GuestCommandResult? result = await WithAsync(vm, domain => ReadResult(domain, process), cancellation).ConfigureAwait(false);
            if (result is not null)
            {
                return result;
            }

            if (_options.Clock.Monotonic >= end)
            {
                throw new GuestException(
                    GuestFailure.GuestNotReached, name, $"{program} did not end within {timeout.TotalSeconds:0.#} seconds. It still runs.");
            }
        }
    }

    /// <summary>Writes a file in a guest.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="path">The file's path in the guest; replaced when it is there.</param>
    /// <param name="bytes">What it shall hold.</param>
    /// <param name="cancellation">Ends the wait; the file may then hold a part.</param>
    /// <returns>Completes when it is written.</returns>
    /// <exception cref="GuestException">The agent does not answer, or refuses.</exception>
    public Task WriteGuestFileAsync(VmKey vm, string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => WithGuestFileAsync(
        vm,
        path,
        "wb",
        (domain, file) =>
        {
            for (int done = 0; done < bytes.Length;)
            {
                cancellation.ThrowIfCancellationRequested();
                string piece = Convert.ToBase64String(bytes.Slice(done, Math.Min(FilePiece, bytes.Length - done)).ToArray());
                long count = ReadNumber(
                    domain,
                    "guest-file-write",
                    GuestAgent.Demand(domain, "guest-file-write", $"{{\"handle\":{file},\"buf-b64\":\"{piece}\"}}", _options.AgentTimeout),
                    "count");
                done = count > 0 && count <= bytes.Length - done
                    ? done + (int)count
                    : throw GuestAgent.Refused(domain.Name, $"its agent wrote {count} bytes of {path}.");
            }

            return true;
        },
        cancellation);

    /// <summary>Reads a file of a guest.</summary>
    /// <param name="vm">The machine.</param>
    /// <param name="path">The file's path in the guest.</param>
    /// <param name="limit">The most bytes that are taken.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="GuestException">The agent does not answer or refuses, or the file is longer than the limit.</exception>
    public Task<byte[]> ReadGuestFileAsync(VmKey vm, string path, int limit, CancellationToken cancellation) => WithGuestFileAsync(
        vm,
        path,
        "rb",
        (domain, file) =>
        {
            using var bytes = new MemoryStream();
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                JsonElement read = GuestAgent.Demand(
                    domain, "guest-file-read", $"{{\"handle\":{file},\"count\":{FilePiece}}}", _options.AgentTimeout);
                byte[] piece = ReadBytes(domain, "guest-file-read", read, "buf-b64");
                if (piece.Length > limit - bytes.Length)
                {
                    throw GuestAgent.Refused(domain.Name, $"its file {path} is longer than {limit} bytes.");
                }

                bytes.Write(piece, 0, piece.Length);
                if (piece.Length == 0 || (read.TryGetProperty("eof", out JsonElement eof) && eof.ValueKind == JsonValueKind.True))
                {
                    return bytes.ToArray();
                }
            }
        },
        cancellation);

    private static string Quote(string text) => JsonSerializer.Serialize(text);

    private static long ReadNumber(Domain domain, string command, JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out JsonElement number)
        && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out long result)
            ? result
            : throw GuestAgent.Refused(domain.Name, $"its agent answered {command} without a number {field}.");

    private static byte[] ReadBytes(Domain domain, string command, JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(field, out JsonElement text))
        {
            return [];
        }

        return text.ValueKind == JsonValueKind.String && text.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : throw GuestAgent.Refused(domain.Name, $"its agent answered {command} with bytes that are not in base64.");
    }

    private static bool IsTrue(JsonElement value, string field) => value.TryGetProperty(field, out JsonElement flag) && flag.ValueKind == JsonValueKind.True;

    private GuestCommandResult? ReadResult(Domain domain, long process)
    {
        const string command = "guest-exec-status";
        JsonElement status = GuestAgent.Demand(domain, command, $"{{\"pid\":{process}}}", _options.AgentTimeout);
        if (status.ValueKind != JsonValueKind.Object || !status.TryGetProperty("exited", out JsonElement exited))
        {
            throw GuestAgent.Refused(domain.Name, $"its agent answered {command} with something else.");
        }

        if (exited.ValueKind != JsonValueKind.True)
        {
            return null;
        }

        long code = status.TryGetProperty("exitcode", out _) ? ReadNumber(domain, command, status, "exitcode") : -ReadNumber(domain, command, status, "signal");
        return new GuestCommandResult(
            unchecked((int)code),
            ReadBytes(domain, command, status, "out-data"),
            ReadBytes(domain, command, status, "err-data"),
            IsTrue(status, "out-truncated") || IsTrue(status, "err-truncated"));
    }

    private Task<T> WithGuestFileAsync<T>(VmKey vm, string path, string mode, Func<Domain, long, T> work, CancellationToken cancellation) => WithAsync(
        vm,
        domain =>
        {
            JsonElement opened = GuestAgent.Demand(
                domain, "guest-file-open", $"{{\"path\":{Quote(path)},\"mode\":\"{mode}\"}}", _options.AgentTimeout);
            if (opened.ValueKind != JsonValueKind.Number || !opened.TryGetInt64(out long file))
            {
                throw GuestAgent.Refused(domain.Name, "its agent answered guest-file-open without a number.");
            }

            bool isDone = false;
            try
            {
                T result = work(domain, file);
                isDone = true;
                return result;
            }
            finally
            {
                try
                {
                    GuestAgent.Demand(domain, "guest-file-close", $"{{\"handle\":{file}}}", _options.AgentTimeout);
                }
                catch (GuestException) when (!isDone)
                {
                    // What failed before is the reason that is told.
                }
            }
        },
        cancellation);
}
