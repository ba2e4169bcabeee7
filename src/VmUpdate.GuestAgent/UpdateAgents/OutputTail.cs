using System.Text;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>Takes a program's output by lines, and keeps its end for people. Bounded, whatever the program prints. For several threads.</summary>
/// <param name="onLine">Gets each line of the standard output that is not too long; returns whether it was meant for the agent, not for people.</param>
internal sealed class OutputTail(Func<string, bool> onLine)
{
    private const int LongestLine = 4096;
    private const int MostLines = 20;

    private readonly object _gate = new();
    private readonly Queue<string> _lines = new();

    /// <summary>The last lines, in one.</summary>
    /// <param name="maxLength">The most characters.</param>
    public string Text(int maxLength)
    {
        lock (_gate)
        {
            string text = string.Join(" | ", _lines);
            return OneLine.Of(text.Length <= maxLength ? text : text.Substring(text.Length - maxLength), maxLength);
        }
    }

    /// <summary>Takes a stream of output to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="isStandardOutput">Whether its lines may say how far it is.</param>
    public async Task ReadAsync(Stream stream, bool isStandardOutput)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        using var reader = new StreamReader(stream, new UTF8Encoding(false));
        int count;
        while ((count = await reader.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false)) > 0)
        {
            for (int i = 0; i < count; i++)
            {
                if (buffer[i] != '\n')
                {
                    if (line.Length <= LongestLine)
                    {
                        line.Append(buffer[i]);
                    }

                    continue;
                }

                Take(line, isStandardOutput);
            }
        }

        Take(line, isStandardOutput);
    }

    private void Take(StringBuilder line, bool isStandardOutput)
    {
        string text = line.ToString().TrimEnd('\r');
        line.Clear();
        if (text.Length == 0 || (isStandardOutput && text.Length <= LongestLine && onLine(text)))
        {
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(OneLine.Of(text, 500));
            if (_lines.Count > MostLines)
            {
                _lines.Dequeue();
            }
        }
    }
}
