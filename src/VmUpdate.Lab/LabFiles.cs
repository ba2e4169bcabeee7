using System.Text.Json;
using System.Text.Json.Serialization;
using VmUpdate.Core.Machines;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Lab;

/// <summary>
/// The lab's own records: small JSON files that are replaced whole, so that a process that dies leaves the old or the new one. They
/// need not survive a loss of power and are not flushed.
/// </summary>
internal static class LabFiles
{
    private const int MaxLength = 1024 * 1024; // records have some hundred bytes; a larger file is none of ours
    private const int MaxAttempts = 500;
    private const string Suffix = ".json";

    // Some are written by people.
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNameCaseInsensitive = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public static T Read<T>(IHostFolder folder, string name)
    {
        string path = Path.Combine(folder.Path, name + Suffix);
        try
        {
            using IBlockFile file = folder.Open(name + Suffix, HostFileMode.Read);
            if (file.Length > MaxLength)
            {
                throw Damaged(path, null);
            }

            byte[] bytes = new byte[file.Length];
            file.ReadAt(0, bytes);
            return JsonSerializer.Deserialize<T>(bytes, Json) ?? throw Damaged(path, null);
        }
        catch (JsonException failure)
        {
            throw Damaged(path, failure);
        }
    }

    public static void Write<T>(IHostFolder folder, string name, T state)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(state, Json);
        string temporary = name + ".tmp";
        folder.Delete(temporary);
        using (IBlockFile file = folder.Create(temporary))
        {
            file.WriteAt(0, bytes);
        }

        folder.Rename(temporary, name + Suffix);
    }

    /// <summary>Writes a record that others may be reading at this moment: Windows replaces no open file, so that is tried again.</summary>
    public static Task WriteAsync<T>(IHostFolder folder, string name, T state, IClock clock, CancellationToken cancellation) =>
        TryAsync(() => Write(folder, name, state), clock, cancellation);

    /// <summary>Deletes a record that others may be reading at this moment; also when it is gone.</summary>
    public static Task DeleteAsync(IHostFolder folder, string name, IClock clock, CancellationToken cancellation) =>
        TryAsync(() => folder.Delete(name + Suffix), clock, cancellation);

    public static IEnumerable<string> Names(IHostFolder folder) => folder.Enumerate()
        .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
        .Select(name => name.Substring(0, name.Length - Suffix.Length));

    /// <summary>Waits for the right to change one record; others may be processes of their own.</summary>
    public static async Task<IDisposable> LockAsync(IHostFolder folder, string name, IClock clock, CancellationToken cancellation)
    {
        while (true)
        {
            if (TryLock(folder, name) is { } held)
            {
                return held;
            }

            await clock.Delay(TimeSpan.FromMilliseconds(2), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a right that one has at a time, in this process or another, until it is disposed or its process ends.</summary>
    /// <returns>The right; <see langword="null"/> when somebody else has it.</returns>
    public static IDisposable? TryLock(IHostFolder folder, string name)
    {
        string lockName = name + ".lock";
        try
        {
            return folder.Exists(lockName) ? folder.Open(lockName, HostFileMode.ReadWrite) : folder.Create(lockName);
        }
        catch (HostFileException failure) when (failure.Failure is HostFileFailure.InUse or HostFileFailure.AlreadyExists)
        {
            return null;
        }
    }

    private static async Task TryAsync(Action work, IClock clock, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                work();
                return;
            }
            catch (HostFileException failure)
                when (failure.Failure is HostFileFailure.InUse or HostFileFailure.AccessDenied && attempt < MaxAttempts)
            {
                await clock.Delay(TimeSpan.FromMilliseconds(2), cancellation).ConfigureAwait(false);
            }
        }
    }

    private static HypervisorException Damaged(string path, Exception? inner) =>
        new(HypervisorFailure.HostNotUsable, path, $"it is not a record of a lab, or is damaged. {inner?.Message}".TrimEnd(), inner);
}
