using System.Globalization;
using System.Text;

namespace VmUpdate.GuestAgent;

/// <summary>What the agent notes for people: a file of bounded size, and the one before it. For several threads. It never fails.</summary>
/// <param name="path">The file; <see langword="null"/> for none.</param>
/// <param name="also">Gets each line too; <see langword="null"/> for none.</param>
/// <param name="maxLength">How long the file may be, in bytes, before it becomes the one before.</param>
internal sealed class AgentLog(string? path, TextWriter? also, int maxLength = 1024 * 1024)
{
    private const int LongestLine = 2000;
    private readonly object _gate = new();

    /// <summary>Notes a sentence. What came from elsewhere may be in it: line feeds and other control characters are shown as spaces.</summary>
    /// <param name="sentence">The sentence.</param>
    public void Write(string sentence)
    {
        string text = OneLine.Of(sentence, LongestLine);
        string line = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture) + text;
        lock (_gate)
        {
            try
            {
                also?.WriteLine(text);
                Append(line);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // A full disk must not end an update.
            }
        }
    }

    private void Append(string line)
    {
        if (path is null)
        {
            return;
        }

        var file = new FileInfo(path);
        if (file.Exists && file.Length > maxLength)
        {
            File.Delete(path + ".1");
            File.Move(path, path + ".1");
        }

        File.AppendAllText(path, line + Environment.NewLine, new UTF8Encoding(false));
    }
}
