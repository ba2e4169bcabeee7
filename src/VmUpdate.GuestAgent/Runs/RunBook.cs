using System.Text;
using System.Text.Json;
using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Messages;

namespace VmUpdate.GuestAgent.Runs;

/// <summary>
/// The runs on disk: what the host gave, and how it stands, so that nothing is begun twice and a result outlives restarts. Not for several threads.
/// </summary>
/// <param name="folder">Where. One folder <c>run.attempt</c> for each, which only the system's administrator may read.</param>
/// <param name="log">Told what cannot be read.</param>
/// <remarks>
/// A run's folder holds <c>payload</c>, as it came, and <c>run</c>: three lines, the <c>startTask</c> and the last <c>taskReport</c> in the
/// protocol's own words, and <c>{"boot":"...","restarts":0,"changed":"...","canceled":false}</c>. It is replaced whole. A folder without it was not begun.
/// </remarks>
internal sealed class RunBook(string folder, AgentLog log)
{
    /// <summary>How long a result is kept.</summary>
    public static readonly TimeSpan KeepResults = TimeSpan.FromDays(7);

    /// <summary>The most runs that are kept; the oldest results go first.</summary>
    public const int MaxRuns = 64;

    private const string RecordName = "run";
    private const string PayloadName = "payload";

    /// <summary>The folder of a run.</summary>
    public string FolderOf(StartTask task) => Path.Combine(folder, $"{task.RunId:N}.{task.Attempt}");

    /// <summary>The payload's file.</summary>
    /// <param name="task">The run.</param>
    /// <param name="ending">The ending that an interpreter wants to see, with its dot; or nothing.</param>
    public string PayloadOf(StartTask task, string ending = "") => Path.Combine(FolderOf(task), PayloadName + ending);

    /// <summary>Reads what is there. What was not begun, or cannot be read, is removed.</summary>
    public IReadOnlyList<RunRecord> Load()
    {
        Platform.MakePrivateFolder(folder);
        var records = new List<RunRecord>();
        foreach (string path in Directory.GetDirectories(folder))
        {
            try
            {
                RunRecord record = Read(Path.Combine(path, RecordName));
                if (FolderOf(record.Task) == path)
                {
                    records.Add(record);
                    continue;
                }

                log.Write($"{path} holds another run than its name says, and is removed.");
            }
            catch (Exception failure) when (failure is IOException or GuestProtocolException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                log.Write($"{path} holds no run, and is removed: {failure.Message}");
            }

            Remove(path);
        }

        return records;
    }

    /// <summary>Notes a run before it begins.</summary>
    /// <param name="record">The run.</param>
    /// <param name="payload">What the host handed over.</param>
    public void Begin(RunRecord record, byte[] payload)
    {
        string path = FolderOf(record.Task);
        Remove(path);
        Platform.MakePrivateFolder(path);
        SafeFile.Replace(PayloadOf(record.Task), payload);
        Save(record);
        Platform.FlushFolder(folder);
    }

    /// <summary>Notes how a run stands.</summary>
    /// <param name="record">The run.</param>
    public void Save(RunRecord record)
    {
        using var bytes = new MemoryStream();
        foreach (GuestMessage message in new GuestMessage[] { record.Task, record.Report })
        {
            byte[] line = MessageCodec.Encode(message);
            bytes.Write(line, 0, line.Length);
        }

        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("boot", record.Boot);
            json.WriteNumber("restarts", record.Restarts);
            json.WriteString("changed", record.Changed);
            json.WriteBoolean("canceled", record.IsCanceled);
            json.WriteEndObject();
        }

        SafeFile.Replace(Path.Combine(FolderOf(record.Task), RecordName), bytes.ToArray());
    }

    /// <summary>Removes a run.</summary>
    /// <param name="record">The run.</param>
    public void Forget(RunRecord record) => Remove(FolderOf(record.Task));

    private static RunRecord Read(string path)
    {
        string[] lines = Encoding.UTF8.GetString(SafeFile.Read(path, 4 * ProtocolLimits.MaxLineLength)).Split('\n');
        if (lines.Length != 3)
        {
            throw new FormatException($"{path} has {lines.Length} lines, and 3 are expected.");
        }

        using JsonDocument more = JsonDocument.Parse(lines[2]);
        return new RunRecord(
            (StartTask)MessageCodec.Decode(Encoding.UTF8.GetBytes(lines[0])),
            (TaskReport)MessageCodec.Decode(Encoding.UTF8.GetBytes(lines[1])),
            more.RootElement.GetProperty("boot").GetString() ?? string.Empty,
            more.RootElement.GetProperty("restarts").GetInt32(),
            more.RootElement.GetProperty("changed").GetDateTime())
        {
            IsCanceled = more.RootElement.TryGetProperty("canceled", out JsonElement canceled) && canceled.GetBoolean(),
        };
    }

    private void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.Write($"{path} cannot be removed: {failure.Message}");
        }
    }
}
