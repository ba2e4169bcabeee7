namespace VmUpdate.DiskFormats.Ntfs;

/// <content>Writing.</content>
internal sealed partial class NtfsStream
{
    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
    {
        lock (_volume.Gate)
        {
            CheckWritable(offset < 0 ? offset : Math.Min(offset, NtfsLimits.MaxStreamLength) + (long)buffer.Length);
            RefuseCompressed();
            MakePlain();
            AttributeIo.Write(_volume, _file, _data, offset, buffer);
            Changed();
        }
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        lock (_volume.Gate)
        {
            CheckWritable(length);
            if (length != 0)
            {
                RefuseCompressed();
            }

            if (length == 0 && !_data.IsResident)
            {
                bool wasPlain = _data.Flags == 0;
                AttributeIo.MakeEmpty(_volume, _data); // what is written afterwards is plain
                if (!wasPlain)
                {
                    _volume.ClearStorageBits(_file, _data);
                }
            }
            else
            {
                MakePlain();
                AttributeIo.SetLength(_volume, _file, _data, length);
            }

            _unpacked = null;
            Changed();
        }
    }

    private void Changed()
    {
        _volume.Touch(_file, isDataChanged: true);
        _volume.WriteBackIfTooMuch();
    }

    private void CheckWritable(long end)
    {
        CheckOpen();
        if (!CanWrite)
        {
            throw new InvalidOperationException($"'{_subject}' was not opened for writing.");
        }

        if (end < 0 || end > NtfsLimits.MaxStreamLength)
        {
            throw NtfsError.LimitExceeded("stream", -1, $"a length of {end} bytes; at most {NtfsLimits.MaxStreamLength} are supported.");
        }
    }

    // A short file in a compressed folder is marked compressed although its value is plain.
    private void MakePlain()
    {
        if (_data.IsResident && _data.Flags != 0)
        {
            _data.Flags = 0;
            _volume.ClearStorageBits(_file, _data);
        }
    }

    private void RefuseCompressed()
    {
        if (_data.IsCompressed && !_data.IsResident)
        {
            throw NtfsError.NotSupported(_subject, "writing into a compressed stream is not supported; set its length to 0 first and write all of it.");
        }
    }
}
