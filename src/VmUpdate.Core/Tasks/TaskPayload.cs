using System.Security.Cryptography;
using System.Text;

namespace VmUpdate.Core.Tasks;

/// <summary>A payload: copied in and hashed when the task is registered, and compared with that hash before it is handed over.</summary>
public sealed class TaskPayload
{
    /// <summary>The longest payload, in bytes: it crosses a channel that is meant for words. Larger content belongs on a share or in a package.</summary>
    public const int MaxLength = 1024 * 1024;

    private readonly byte[] _bytes;

    private TaskPayload(PayloadKind kind, string fileName, byte[] bytes)
    {
        _bytes = bytes;
        Info = new PayloadInfo(kind, fileName, bytes.Length, Hash(bytes));
    }

    /// <summary>Kind, length and hash.</summary>
    public PayloadInfo Info { get; }

    /// <summary>The bytes. Not to be changed.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>A command line.</summary>
    /// <param name="command">The command line.</param>
    /// <returns>The payload.</returns>
    public static TaskPayload FromCommand(string command) => Make(PayloadKind.Command, string.Empty, Encoding.UTF8.GetBytes(command));

    /// <summary>A command line that came as bytes.</summary>
    /// <param name="command">The command line in UTF-8, which is copied.</param>
    /// <returns>The payload.</returns>
    public static TaskPayload FromCommand(ReadOnlySpan<byte> command) => Make(PayloadKind.Command, string.Empty, command.ToArray());

    /// <summary>A script.</summary>
    /// <param name="fileName">Its file name; a path is shortened to it.</param>
    /// <param name="content">The file's bytes, which are copied.</param>
    /// <returns>The payload.</returns>
    public static TaskPayload FromScript(string fileName, ReadOnlySpan<byte> content) =>
        Make(PayloadKind.Script, fileName.Substring(fileName.LastIndexOfAny(['/', '\\']) + 1), content.ToArray());

    /// <summary>Bytes for the agent.</summary>
    /// <param name="context">The bytes, which are copied.</param>
    /// <returns>The payload.</returns>
    public static TaskPayload FromContext(ReadOnlySpan<byte> context) => Make(PayloadKind.Context, string.Empty, context.ToArray());

    /// <summary>A payload as it was kept.</summary>
    /// <param name="info">What was noted at registration.</param>
    /// <param name="bytes">The bytes that are there now.</param>
    /// <returns>The payload.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.PayloadChanged"/>: they are not the bytes that were registered.</exception>
    internal static TaskPayload FromKept(PayloadInfo info, byte[] bytes)
    {
        var kept = new TaskPayload(info.Kind, info.FileName, bytes);
        if (kept.Info != info)
        {
            throw new TaskException(
                TaskDefect.PayloadChanged,
                "payload",
                $"it was changed after registration: {info.Length} bytes with the hash {info.Sha256} were registered, "
                    + $"{bytes.Length} bytes with the hash {kept.Info.Sha256} are there.");
        }

        return kept;
    }

    private static TaskPayload Make(PayloadKind kind, string fileName, byte[] bytes)
    {
        if (bytes.Length > MaxLength)
        {
            throw new TaskException(
                TaskDefect.PayloadTooLong,
                "payload",
                $"it is {bytes.Length} bytes long, and {MaxLength} are allowed. Put the content where the guest can fetch it, and register the command.");
        }

        return new TaskPayload(kind, fileName, bytes);
    }

    private static string Hash(byte[] bytes)
    {
#if NET8_0_OR_GREATER
        return Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
#else
        using var sha256 = SHA256.Create();
        return string.Concat(sha256.ComputeHash(bytes).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
#endif
    }
}
