namespace VmUpdate.PowerShell.Hosts;

/// <summary>
/// Hears a second Ctrl+C. The engine tells a cmdlet of the first one only, so the console is listened to, too. What the first does to
/// the process is left to the host.
/// </summary>
internal sealed class SecondBreak : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private int _presses;

    internal SecondBreak() => Console.CancelKeyPress += Hear;

    /// <summary>Cancelled by the second Ctrl+C.</summary>
    internal CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Console.CancelKeyPress -= Hear;
        _source.Dispose();
    }

    private void Hear(object? sender, ConsoleCancelEventArgs args)
    {
        if (Interlocked.Increment(ref _presses) == 2)
        {
            // Ended at once, but in order: the user is told what is left awake. A third press is nobody's but the process's.
            args.Cancel = true;
            _source.Cancel();
        }
    }
}
