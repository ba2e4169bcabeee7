using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmUpdate.GuestAgent;

/// <summary>A program and what it started, to be ended together: a job object. What it starts before it is in the job is not.</summary>
internal sealed class ProcessTree : IDisposable
{
    private readonly SafeWaitHandle _job;
    private readonly Process _process;

    /// <summary>Takes a program.</summary>
    /// <param name="process">The program, started a moment ago.</param>
    public ProcessTree(Process process)
    {
        _process = process;
        _job = CreateJobObject(IntPtr.Zero, null);
        _ = !_job.IsInvalid && AssignProcessToJobObject(_job, process.Handle);
    }

    /// <summary>Ends all of them.</summary>
    public void Kill()
    {
        _ = TerminateJobObject(_job, 1);
        try
        {
            _process.Kill();
        }
        catch (Exception gone) when (gone is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended with its job.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _job.Dispose();

    [DllImport("kernel32", EntryPoint = "CreateJobObjectW", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern SafeWaitHandle CreateJobObject(IntPtr security, string? name);

    [DllImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool AssignProcessToJobObject(SafeWaitHandle job, IntPtr process);

    [DllImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool TerminateJobObject(SafeWaitHandle job, uint exitCode);
}
