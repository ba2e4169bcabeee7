namespace VmUpdate.Shell;

/// <summary>What the shell itself returns; a script's own <c>exit</c> goes before.</summary>
internal static class ExitCodes
{
    /// <summary>The script ran to its end, and showed no error.</summary>
    internal const int Done = 0;

    /// <summary>Some of it failed: the script showed an error, or ended with one that nobody caught.</summary>
    internal const int SomeFailed = 1;

    /// <summary>Nothing was done: the script does not exist, or is no PowerShell.</summary>
    internal const int NothingDone = 2;

    /// <summary>The command line was not understood, as most programs of a Unix say it.</summary>
    internal const int WrongUsage = 64;

    /// <summary>Ctrl+C: 128 and the number of the signal.</summary>
    internal const int Interrupted = 130;
}
