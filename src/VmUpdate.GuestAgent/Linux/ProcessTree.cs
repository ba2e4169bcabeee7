using System.Diagnostics;

namespace VmUpdate.GuestAgent;

/// <summary>A program and what it started, to be ended together.</summary>
/// <param name="process">The program.</param>
internal sealed class ProcessTree(Process process) : IDisposable
{
    /// <summary>Ends all of them.</summary>
    public void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It ended by itself at this moment, or a part of it did.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
