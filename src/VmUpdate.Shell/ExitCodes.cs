namespace VmUpdate.Shell;

/// <summary>What the shell itself returns; a script's own <c>exit</c> goes before.</summary>
internal static class ExitCodes
{
    /// <summary>The script ran to its end.</summary>
    internal const int Done = 0;

    /// <summary>The script ended with an error that nobody caught, or could not be read. What PowerShell returns then, too.</summary>
    internal const int Failed = 1;

    /// <summary>The command line was not understood, as most programs of a Unix say it.</summary>
    internal const int WrongUsage = 64;

    /// <summary>Ctrl+C: 128 and the number of the signal.</summary>
    internal const int Interrupted = 130;
}
