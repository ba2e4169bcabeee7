using System.Management.Automation;

namespace VmUpdate.Shell;

/// <summary>
/// Progress on standard error: one line drawn over itself where a person looks on; else a line for each new status of what is not a part of something else, for logs.
/// </summary>
internal sealed class ProgressLine
{
    private const int BarWidth = 24;
    private readonly object _gate = new();
    private readonly Dictionary<int, string> _lastStatus = [];
    private readonly bool _isDrawn = !Console.IsErrorRedirected;
    private int _drawnLength;

    internal void Show(ProgressRecord record)
    {
        lock (_gate)
        {
            if (record.RecordType == ProgressRecordType.Completed)
            {
                _lastStatus.Remove(record.ActivityId);
                Erase();
                return;
            }

            string line = Compose(record);
            if (_isDrawn)
            {
                Erase();
                Console.Error.Write(line);
                _drawnLength = line.Length;
            }
            else if (record.ParentActivityId < 0 && (!_lastStatus.TryGetValue(record.ActivityId, out string? last) || last != record.StatusDescription))
            {
                _lastStatus[record.ActivityId] = record.StatusDescription;
                Console.Error.WriteLine(line);
            }
        }
    }

    internal void Clear()
    {
        lock (_gate)
        {
            Erase();
        }
    }

    private string Compose(ProgressRecord record)
    {
        string bar = string.Empty;
        if (record.PercentComplete >= 0)
        {
            int full = Math.Min(record.PercentComplete, 100) * BarWidth / 100;
            bar = $"[{new string('#', full)}{new string('.', BarWidth - full)}] {record.PercentComplete,3}% ";
        }

        string text = $"{bar}{record.Activity}: {record.StatusDescription}";
        int room = _isDrawn && Console.WindowWidth > 1 ? Console.WindowWidth - 1 : int.MaxValue;
        return text.Length > room ? text[..room] : text;
    }

    private void Erase()
    {
        if (_drawnLength > 0)
        {
            Console.Error.Write($"\r{new string(' ', _drawnLength)}\r");
            _drawnLength = 0;
        }
    }
}
